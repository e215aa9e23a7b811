from ast import literal_eval

from odoo import Command, _, api, models
from odoo.exceptions import UserError


class ResUsers(models.Model):
    _inherit = "res.users"

    def init(self):
        result = super().init()
        # Logins are compared without case, for a whole list of contacts at a time.
        self.env.cr.execute("CREATE INDEX IF NOT EXISTS res_users_login_lower_index ON res_users (lower(trim(login)))")
        return result

    def write(self, vals):
        """Let the links and open sessions of a user who is archived end, wherever that is done."""
        result = super().write(vals)
        if "active" in vals and not vals["active"]:
            self._portal_access_end()
        return result

    def unlink(self):
        partners = self.sudo().partner_id
        result = super().unlink()
        partners.exists()._portal_access_end_links()
        return result

    def _portal_access_end(self):
        """End what is left of these archived users' access: invitation, link, sessions."""
        self.sudo().partner_id._portal_access_end_links()
        # Odoo clears what it keeps of sessions before the commit. A request of the user in between
        # would keep the session alive in this process.
        self.env.cr.postcommit.add(self.env.registry.clear_cache)

    def _find_by_login_case_insensitive(self, logins):
        """Find the users, archived ones too, that have one of these logins, whatever the case.

        :param list logins: logins in lower case, without surrounding space
        :return dict: list of user ids by login in lower case
        """
        self.flush_model(["login"])
        self.env.cr.execute(
            "SELECT lower(trim(login)), array_agg(id) FROM res_users WHERE lower(trim(login)) = ANY(%s) GROUP BY 1",
            [list(logins)],
        )
        return dict(self.env.cr.fetchall())

    def _get_portal_template_user(self):
        """:return: the user whose copies new portal users are

        :raise UserError: if the database has none
        """
        template_id = literal_eval(
            self.env["ir.config_parameter"].sudo().get_param("base.template_portal_user_id", "False")
        )
        template = self.browse(template_id).exists()
        if not template:
            raise UserError(_("There is no template for portal users. Set the parameter base.template_portal_user_id."))
        return template

    def _get_portal_user_values(self, company):
        """Return what a new portal user gets from the portal template user, without login and contact.

        Override it to give new portal users other values, in batch.

        :param company: the company of the new users
        :return dict: values for :meth:`create`
        :raise UserError: if the database has no template user
        """
        template = self._get_portal_template_user()
        # With a contact in the values, nothing of the template's own contact is copied.
        values = template.copy_data({"partner_id": False, "login": False})[0]
        # Portal users get their notifications by email, as the field computes; writing it costs five
        # queries for each user.
        values.pop("notification_type", None)
        groups = template.groups_id - self.env.ref("base.group_public") | self.env.ref("base.group_portal")
        return {
            **values,
            "active": True,
            "groups_id": [Command.set((groups | groups.trans_implied_ids).ids)],
            "company_id": company.id,
            "company_ids": [Command.set(company.ids)],
        }

    @api.model
    def signup(self, values, token=None):
        """Let the invitation know that its link was used, or one of a password reset in its place."""
        partner = self.env["res.partner"].sudo()._signup_retrieve_partner(token) if token else None
        result = super().signup(values, token)
        invitation = self.env["portal.access.invitation"].sudo()._get_open(partner) if partner else None
        if invitation:
            invitation._accept()
            self.env["portal.access.event"]._record("accepted", invitation.user_id, actor=invitation.user_id[:1])
        return result
