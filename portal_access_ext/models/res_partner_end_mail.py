import re

from odoo import _, models
from odoo.tools import SQL, format_date, formataddr

TEMPLATES = {
    "warn_until": "portal_access_ext.mail_template_portal_access_ends",
    "warn_dormant": "portal_access_ext.mail_template_portal_access_unused",
}
COLUMNS = {"warn_until": "portal_access_warned_end", "warn_dormant": "portal_access_dormant_end"}


class ResPartner(models.Model):
    """The mails that warn customers before their access ends."""

    _inherit = "res.partner"

    def _portal_access_warn(self, kind, due):
        """Warn these contacts by mail, and remember it in the same transaction.

        :param str kind: `warn_until` or `warn_dormant`
        :param dict due: (kind, last day) by contact id
        """
        last_days = {partner.id: due[partner.id][1] for partner in self}
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE res_users SET %(column)s = warned.last_day
                  FROM unnest(%(partner_ids)s, %(days)s::date[]) AS warned (partner_id, last_day)
                 WHERE res_users.partner_id = warned.partner_id
                """,
                column=SQL.identifier(COLUMNS[kind]),
                partner_ids=list(last_days),
                days=list(last_days.values()),
            )
        )
        Users = self.env["res.users"].sudo()
        Users.invalidate_model([COLUMNS[kind]], flush=False)
        known = self._portal_access_users()
        users = Users.browse([known[partner.id].user_id for partner in self])
        reachable = users._portal_access_mail_warnings(kind)
        self = self._portal_access_for_employees()
        details = {}
        for user in users:
            details[user.id] = format_date(self.env, last_days[user.partner_id.id])
            if kind == "warn_dormant":
                details[user.id] = _("%s (not used)", details[user.id])
            if user not in reachable:
                details[user.id] = _("%s (no email to warn at)", details[user.id])
        self.env["portal.access.event"]._record("warned", users, details)

    def _portal_access_format_address(self, email):
        """Return one address with the contact's name.

        Odoo sends a mail to every address in its recipient, one in a quoted name too. Names come from
        web forms and from customers.
        """
        self.ensure_one()
        name = " ".join(re.sub(r'[<>"@,;:()\[\]\\]', " ", self.name or "").split())
        return formataddr((name, email))


class ResUsers(models.Model):
    _inherit = "res.users"

    def _portal_access_mail_warnings(self, kind):
        """Make the mails, for Odoo's mail queue: in the customers' languages, from their companies.

        :return: the users who have an address
        """
        template = self.env["mail.template"]._portal_access_get(TEMPLATES[kind])
        recipients = {user.id: user._portal_access_get_recipient() for user in self}
        reachable = self.filtered(lambda user: recipients[user.id])
        author = self.env.ref("base.partner_root")

        def get_envelope(user):
            return recipients[user.id], user.company_id.email_formatted or author.email_formatted, author

        self.env["mail.mail"].create(template._portal_access_prepare_mails(reachable, get_envelope))
        return reachable

    def _portal_access_get_recipient(self):
        """:return str: the one address of this user, the contact's or else the login, with the name; or False"""
        partner = self.partner_id
        email = partner._portal_access_normalize_email(self.email) or partner._portal_access_normalize_email(self.login)
        return bool(email) and partner._portal_access_format_address(email)
