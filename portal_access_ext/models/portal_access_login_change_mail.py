from odoo import SUPERUSER_ID, api, models


class PortalAccessLoginChange(models.Model):
    """The mails about a change."""

    _inherit = "portal.access.login.change"

    def _get_address(self, login):
        """:return str: the address that a login is told at: itself, or else the contact's email of that time"""
        normalize = self.env["res.partner"]._portal_access_normalize_email
        return normalize(login) or normalize(self.old_email)

    def _send_to_both(self, old_template, new_template):
        """Tell the old login and the new one, each by its own mail; but nobody twice."""
        old_address, new_address = self._get_address(self.old_login), self._get_address(self.new_login)
        mails = [self._prepare_mail(old_template, old_address)] if old_address else []
        if new_address and new_address != old_address:
            mails.append(self._prepare_mail(new_template, new_address))
        self._send(mails)

    def _prepare_mail(self, xmlid, address):
        """Render a mail in the customer's language, as superuser: it may carry a link."""
        # Nothing else of the wizard's or the customer's context may end up in the mail.
        context = {"lang": self.partner_id.lang or self.env.lang}
        change = self.with_env(self.env(user=SUPERUSER_ID, su=True, context=context))
        employee = self.requested_by_id.filtered(lambda user: user._is_internal())
        senders = self.company_id.partner_id | employee.partner_id | self.env.ref("base.partner_root")
        author = self.company_id.partner_id  # not who did it: authors may read their messages
        envelope = address, senders.filtered("email")[:1].email_formatted, author
        template = self.env["mail.template"]._portal_access_get(xmlid)
        layout = "portal_access_ext.login_mail_layout"
        [values] = template._portal_access_prepare_mails(change, lambda _change: envelope, layout=layout)
        return values

    @api.model
    def _send(self, mail_values):
        """Hand mails to Odoo's mail queue, with no default value of anybody's context, a copy to others for one."""
        env = self.env(user=SUPERUSER_ID, su=True, context={"lang": self.env.lang})
        env["mail.mail"].create(mail_values)
        self.env["portal.access.invitation"]._trigger_cron("mail.ir_cron_mail_scheduler_action")
