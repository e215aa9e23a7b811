from datetime import date, datetime

import pytz

from odoo import _, _lt, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_date

from .portal_access_context import AT_WORK, QUIET


def get_local_date(moment, *names):
    """Return the date of a moment in the first of these time zones that exists, else in UTC.

    :param datetime moment: in UTC
    :param names: names of time zones, as Odoo keeps them: some may be empty, or no time zone at all
    """
    for name in filter(None, names):
        try:
            return pytz.utc.localize(moment).astimezone(pytz.timezone(name)).date()
        except pytz.UnknownTimeZoneError:
            continue
    return moment.date()


class ResPartner(models.Model):
    """Access that ends by itself: the last day of each contact."""

    _inherit = "res.partner"

    portal_access_until = fields.Date(
        copy=False,
        tracking=True,
        index="btree_not_null",
        groups="base.group_partner_manager",
        help="The last day of portal access, in the contact's time zone. Empty: it does not end by itself.",
    )

    @api.constrains("portal_access_until")
    def _check_portal_access_until(self):
        if self._portal_access_is_at_work():
            return  # the core says so for each contact, and a merge takes what there was
        dated = self.filtered("portal_access_until")
        problems = dated._portal_access_end_problems({partner.id: partner.portal_access_until for partner in dated})
        if problems:
            raise ValidationError("\n".join(dict.fromkeys(problems.values())))

    # -------------------------------------------------------------------------
    # Public method, callable over RPC
    # -------------------------------------------------------------------------

    def portal_access_set_until(self, until):
        """Let the portal access of these contacts end by itself, or not any more.

        A contact that has no access may have an end too: it counts once access is granted. Taking
        access away removes it.

        :param until: the last day, a date or its ISO text; False for no end
        :return list: one result per contact; `outcome` is `until_set` or `refused`
        """
        self._portal_access_check_rights()
        until = self._portal_access_parse_until(until)
        contacts = self._portal_access_distinct()
        contacts._portal_access_lock()
        return contacts._portal_access_results(*contacts._portal_access_set_ends(dict.fromkeys(contacts.ids, until)))

    # -------------------------------------------------------------------------
    # What it does; callers have checked the rights, and locked the contacts
    # -------------------------------------------------------------------------

    def _portal_access_set_ends(self, ends):
        """See :meth:`portal_access_set_until`.

        :param dict ends: the last day by contact id, or False
        :return: the verdicts before, and (outcome, reason), both by contact id
        """
        verdicts = self._portal_access_verdicts()
        outcomes = {
            partner_id: ("refused", verdict.reason)
            for partner_id, verdict in verdicts.items()
            if verdict.code in ("internal", "other_company", "missing")
        }
        possible = self.filtered(lambda partner: partner.id not in outcomes)
        problems = possible._portal_access_end_problems(ends)
        outcomes.update({partner_id: ("refused", problem) for partner_id, problem in problems.items()})

        def set_ends(contacts):
            # Few dates for many contacts, as a rule.
            for until, same in contacts.grouped(lambda contact: ends[contact.id]).items():
                same._portal_access_set_end(until)
            return {
                contact.id: ("until_set", self._portal_access_describe_end(ends[contact.id])) for contact in contacts
            }

        possible.filtered(lambda partner: partner.id not in problems)._portal_access_in_halves(set_ends, outcomes)
        return verdicts, outcomes

    def _portal_access_set_end(self, until):
        """Write one last day on all these contacts, with a note in the chatter of those whose day it changes."""
        # Superuser: that these contacts may be written was checked for all of them by the verdicts.
        changed = self.sudo().filtered(lambda partner: partner.portal_access_until != until)
        changed.with_context(**QUIET).write({"portal_access_until": until})
        env = self._portal_access_for_employees().env
        changed._portal_access_log(
            _lt("Portal access until %s", format_date(env, until)) if until else _lt("No end of portal access")
        )

    def _portal_access_start_ends(self, ends):
        """Give contacts that are granted access their last day, which the caller has judged.

        :param dict ends: the last day by contact id, or False; the others keep the one they have
        """
        self._portal_access_forget_lapsed_ends()
        contacts = self.sudo().filtered(lambda partner: partner.id in ends)  # the verdicts checked: may be written
        for until, same in contacts.grouped(lambda partner: ends[partner.id]).items():
            changed = same.filtered(lambda partner, until=until: partner.portal_access_until != until)
            changed.with_context(**QUIET).write({"portal_access_until": until})

    def _portal_access_forget_lapsed_ends(self):
        """Forget the last days that went by already: they were of an access that never began."""
        contacts = self.sudo().filtered("portal_access_until")
        ends = {partner.id: partner.portal_access_until for partner in contacts}
        lapsed = contacts.browse(contacts._portal_access_end_problems(ends))
        lapsed.with_context(**QUIET).write({"portal_access_until": False})

    def _portal_access_log_granted(self, old_emails):
        """Write one note for each contact that was granted access, with its last day if there is one.

        :param dict old_emails: see :meth:`_portal_access_log`
        """
        env = self._portal_access_for_employees().env
        for until, same in self.sudo().grouped("portal_access_until").items():
            title = _lt("Portal Access Granted")
            if until:
                title = _lt("Portal Access Granted until %s", format_date(env, until))
            same._portal_access_log(title, old_emails)

    def _portal_access_clear_unused_ends(self):
        """Forget the last day of the contacts that have no access any more: their next one starts without."""
        if self:
            self._portal_access_clear_ends(SQL("id IN %s AND portal_access_until IS NOT NULL", tuple(self.ids)))

    @api.model
    def _portal_access_clear_ends(self, chosen):
        """Forget the last day of contacts that have no access.

        Plain SQL: whoever takes access away writes a note already. The rank does not tell: an employee may
        be a customer too, by a second user.

        :param SQL chosen: which contacts
        """
        self.flush_model(["portal_access_until"])
        self.env["res.users"].flush_model(["active", "partner_id", "groups_id"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE res_partner SET portal_access_until = NULL
                 WHERE %s AND NOT EXISTS (SELECT FROM res_users u
                                            JOIN res_groups_users_rel portal ON portal.uid = u.id AND portal.gid = %s
                                           WHERE u.partner_id = res_partner.id AND u.active)
                """,
                chosen,
                self.env["ir.model.data"]._xmlid_to_res_id("base.group_portal"),
            )
        )
        self.invalidate_model(["portal_access_until"], flush=False)

    # -------------------------------------------------------------------------
    # Dates
    # -------------------------------------------------------------------------

    def _portal_access_is_at_work(self):
        """:return bool: whether the core writes, which has judged already; see `AT_WORK`"""
        return self.env.context.get("portal_access_batch") is AT_WORK

    @api.model
    def _portal_access_parse_until(self, until):
        """:return: the date that somebody gave, or False"""
        if not until:
            return False
        if isinstance(until, date) and not isinstance(until, datetime):
            return until
        try:
            return datetime.strptime(until, "%Y-%m-%d").date()
        except (TypeError, ValueError) as error:
            raise UserError(_("The end of access has to be a date, like 2030-12-31.")) from error

    @api.model
    def _portal_access_describe_end(self, until):
        """:return str: what a contact's end of access is, for an administrator"""
        if until:
            return _("Access ends after %s.", format_date(self.env, until))
        return _("Access does not end by itself.")

    def _portal_access_end_problems(self, ends):
        """Say which of these contacts can't have their last day.

        :param dict ends: the last day by contact id, or False
        :return dict: the sentence for an administrator by contact id, for those only
        """
        dated = self.filtered(lambda partner: ends[partner.id])
        if not dated:
            return {}
        todays = dated._portal_access_todays()
        users = dated._portal_access_users()
        internal = _("An internal user's access does not end by itself. Archive the user instead.")
        problems = {}
        for partner in dated:
            if partner.id in users and users[partner.id].is_internal:
                problems[partner.id] = internal
            elif ends[partner.id] < todays[partner.id]:
                today = format_date(self.env, todays[partner.id])
                problems[partner.id] = _("Access can't end in the past. The earliest day is %s.", today)
        return problems

    def _portal_access_todays(self):
        """:return dict: today's date by contact id, in the time zone of the contact, else of its company"""
        # sudo: the time zone of a company is no secret.
        users = self.env["res.users"].sudo().search([("partner_id", "in", self.ids)])
        companies = {user.partner_id.id: user.company_id for user in users}
        now = fields.Datetime.now()
        todays = {}
        for partner in self.sudo():
            company = companies.get(partner.id) or partner.company_id or self.env.company.sudo()
            todays[partner.id] = get_local_date(now, partner.tz, company.partner_id.tz)
        return todays
