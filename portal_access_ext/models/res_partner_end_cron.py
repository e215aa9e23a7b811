import logging
import threading
import time
from datetime import timedelta
from typing import NamedTuple

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_ERRORS_TO_RETRY
from odoo.tools import SQL

from .portal_access_rank import RANKS
from .res_partner_end import get_local_date

_logger = logging.getLogger(__name__)

# Contacts between two commits.
BATCH = 100
# Odoo ends crons that take longer than one minute of computing, or two in all: the rest is for the next run.
RUN_SECONDS = 45
# How often a batch is tried that somebody else's changes get in the way of.
TRIES = 5
# A contact that failed is left to the run of the next day, or one by hand, by those that go on at once.
RETRY_AFTER = timedelta(hours=1)
# When a contact is tried again that somebody else was working on.
BUSY_DELAY = timedelta(hours=1)


class ContactEnd(NamedTuple):
    """A contact with portal access, and what decides when it ends."""

    partner_id: int
    until: object
    tz: object
    company_tz: object
    warned_end: object
    dormant_end: object
    #: when the contact signed in last, or got access; UTC
    seen_on: object


class EndRules(NamedTuple):
    """The settings and the present, the same for a whole batch."""

    now: object
    warning_days: int
    dormancy_days: int

    @property
    def unused_warning_days(self):
        return min(self.warning_days, self.dormancy_days - 1)

    def judge(self, contact):
        """Say what is to be done with a contact now.

        :param contact: a :class:`ContactEnd`
        :return tuple: `expired`, `dormant`, `warn_until` or `warn_dormant`, and the last day; None for nothing
        """
        zones = contact.tz, contact.company_tz
        today = get_local_date(self.now, *zones)
        until = contact.until
        if until and until < today:
            return "expired", until
        unused_until = self._get_unused_end(contact)
        if unused_until:
            warning_days = self.unused_warning_days
            # A warning counts if it did not promise less, as that of an earlier setting or before a sign-in.
            is_warned = contact.dormant_end and contact.dormant_end >= unused_until
            last_day = contact.dormant_end if is_warned else unused_until
            if warning_days and not is_warned:
                # Everybody is warned in time, also in the night after the setting was turned on.
                last_day = max(unused_until, today + timedelta(warning_days))
            # Who loses the access earlier anyway is warned of that alone.
            if not until or until > last_day:
                if (is_warned or not warning_days) and last_day < today:
                    return "dormant", last_day
                if warning_days and not is_warned and unused_until - timedelta(warning_days) <= today:
                    return "warn_dormant", last_day
        if until and self.warning_days and contact.warned_end != until and (until - today).days <= self.warning_days:
            return "warn_until", until
        return None

    def _get_unused_end(self, contact):
        if not self.dormancy_days or not contact.seen_on:
            return None
        return get_local_date(contact.seen_on, contact.tz, contact.company_tz) + timedelta(self.dormancy_days)


class ResPartner(models.Model):
    """The daily run that ends access, and warns before."""

    _inherit = "res.partner"

    @api.model
    def _cron_end_portal_access(self):
        """Warn the customers whose access ends soon, and revoke access that ended.

        What is done shows in the database, so a run that was killed or ran out of time leaves the rest
        to the next one, and nobody is warned twice.
        """
        started = time.monotonic()
        partner_ids = self._portal_access_in_transaction(self._portal_access_start_run)
        if partner_ids is None:
            self._portal_access_run_again(fields.Datetime.now() + BUSY_DELAY)
            return
        busy = []
        while partner_ids:
            batch, partner_ids = partner_ids[:BATCH], partner_ids[BATCH:]
            skipped = self._portal_access_in_transaction(self._portal_access_do_due, batch)
            busy += batch if skipped is None else skipped
            if partner_ids and time.monotonic() - started > RUN_SECONDS:
                self._portal_access_run_again()
                return
        if busy:
            _logger.info("Somebody is working on contacts %s: their access is looked at later", busy)
            self._portal_access_run_again(fields.Datetime.now() + BUSY_DELAY)

    @api.model
    def _portal_access_start_run(self):
        """:return list: the ids of the contacts that something is due with"""
        self._portal_access_forget_old_ends()
        return sorted(self._portal_access_find_due())

    @api.model
    def _portal_access_in_transaction(self, work, *args):
        """Do something and commit it: again, when others' changes get in its way.

        Odoo does so with requests, but not with crons.

        :return: what `work` returned, or None if there was no getting through
        """
        is_testing = getattr(threading.current_thread(), "testing", False)
        for attempt in range(1, TRIES + 1):
            try:
                result = work(*args)
                self.env.flush_all()
                if not is_testing:
                    self.env.cr.commit()  # pylint: disable=invalid-commit
                    # Other processes must not keep the sessions of revoked users until the whole run ends.
                    self.pool.signal_changes()
                self.env.invalidate_all()
                return result
            except OperationalError as error:
                if error.pgcode not in PG_CONCURRENCY_ERRORS_TO_RETRY or is_testing:
                    raise
                self.env.cr.rollback()
                _logger.info("Ending portal access is tried again (%s): %s", attempt, error)
                time.sleep(0.1 * attempt)
        return None

    @api.model
    def _portal_access_do_due(self, partner_ids):
        """Do what is due with these contacts.

        :return list: the ids of those that somebody else is changing right now
        """
        due = self._portal_access_find_due(partner_ids)
        contacts = self.browse(sorted(due))._portal_access_claim()
        contacts._portal_access_lock()
        outcomes = {}
        by_kind = contacts.grouped(lambda partner: due[partner.id][0])
        for kind, same in by_kind.items():

            def work(partners, kind=kind):
                if kind in ("expired", "dormant"):
                    partners._portal_access_take_away(kind)
                else:
                    partners._portal_access_warn(kind, due)
                return dict.fromkeys(partners.ids, (kind, ""))

            same._portal_access_in_halves(work, outcomes)
        self._portal_access_note_failures(
            {partner_id: reason for partner_id, (outcome, reason) in outcomes.items() if outcome == "refused"}
        )
        if any(kind.startswith("warn") for kind in by_kind):
            self.env["portal.access.invitation"]._trigger_cron("mail.ir_cron_mail_scheduler_action")
        return sorted(set(due) - set(contacts.ids))

    def _portal_access_claim(self):
        """:return: those of these contacts that nobody is changing right now: nobody waits for us, nor we for them"""
        if not self:
            return self
        self.env.cr.execute(
            "SELECT id FROM res_partner WHERE id IN %s ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
            [tuple(self.ids)],
            log_exceptions=False,
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    @api.model
    def _portal_access_note_failures(self, reasons):
        """Log the contacts whose access can't be ended, and let the runs that follow at once go on with the others.

        :param dict reasons: by contact id
        """
        if not reasons:
            return
        _logger.warning(
            "The end of portal access fails for: %s",
            "; ".join(f"contact {partner_id}: {reason}" for partner_id, reason in reasons.items()),
        )
        self.env.cr.execute(
            "UPDATE res_users SET portal_access_end_failed_on = %s WHERE partner_id IN %s",
            [fields.Datetime.now(), tuple(reasons)],
        )

    @api.model
    def _portal_access_run_again(self, at=None):
        """Have the cron run again: at once, or at a given time."""
        cron = self.env.ref("portal_access_ext.ir_cron_end_portal_access", raise_if_not_found=False)
        if cron:
            cron.sudo()._trigger(at)

    # -------------------------------------------------------------------------
    # Finding
    # -------------------------------------------------------------------------

    @api.model
    def _portal_access_find_due(self, partner_ids=None):
        """Find the contacts with portal access whom something is to be done with now.

        :param list partner_ids: look at these only
        :return dict: what :meth:`EndRules.judge` says, by contact id
        """
        Users = self.env["res.users"]
        now = fields.Datetime.now()
        rules = EndRules(now, Users._get_portal_warning_days(), Users._get_portal_dormancy_days())
        due = {}
        for row in self._portal_access_read_ends(rules, partner_ids):
            contact = ContactEnd(*row)
            judgement = rules.judge(contact)
            if judgement:
                due[contact.partner_id] = judgement
        return due

    @api.model
    def _portal_access_read_ends(self, rules, partner_ids):
        """Read the contacts that may be due, in one query: time zones can make a day of difference.

        :return list: a row for each :class:`ContactEnd`
        """
        self.env.flush_all()
        may_be_dormant = SQL("FALSE")
        if rules.dormancy_days:
            unseen_since = rules.now - timedelta(rules.dormancy_days - rules.unused_warning_days - 2)
            may_be_dormant = SQL("max(access.idle_since) < %s", unseen_since)
        chosen = SQL("TRUE") if partner_ids is None else SQL("u.partner_id = ANY(%s)", list(partner_ids))
        self.env.cr.execute(
            SQL(
                """
                SELECT u.partner_id,
                       partner.portal_access_until,
                       partner.tz,
                       max(company_partner.tz),
                       max(u.portal_access_warned_end),
                       max(u.portal_access_dormant_end),
                       max(access.idle_since)
                  FROM res_users u
                  JOIN res_groups_users_rel portal ON portal.uid = u.id AND portal.gid = %(portal)s
                  JOIN res_partner partner ON partner.id = u.partner_id
                  JOIN res_company company ON company.id = u.company_id
                  JOIN res_partner company_partner ON company_partner.id = company.partner_id
                  JOIN %(access)s AS access ON access.partner_id = u.partner_id
                 WHERE u.active AND %(chosen)s
                   AND (u.portal_access_end_failed_on IS NULL OR u.portal_access_end_failed_on < %(retry_before)s)
                   AND partner.portal_access_rank != %(employee)s
                 GROUP BY u.partner_id, partner.id
                HAVING partner.portal_access_until <= %(until)s OR %(may_be_dormant)s
                """,
                portal=self.env["ir.model.data"]._xmlid_to_res_id("base.group_portal"),
                employee=RANKS["internal"],
                access=self._portal_status_table(SQL("u.active AND %s", chosen)),
                chosen=chosen,
                retry_before=rules.now - RETRY_AFTER,
                until=rules.now.date() + timedelta(rules.warning_days + 1),
                may_be_dormant=may_be_dormant,
            )
        )
        return self.env.cr.fetchall()

    @api.model
    def _portal_access_forget_old_ends(self):
        """Forget past ends of contacts without access, and warnings of a dormancy that was turned off."""
        self.env.flush_all()
        self._portal_access_clear_ends(SQL("portal_access_until < %s", fields.Datetime.now().date() - timedelta(1)))
        if not self.env["res.users"]._get_portal_dormancy_days():
            # Else they would count if it is turned on again.
            self.env.cr.execute(
                "UPDATE res_users SET portal_access_dormant_end = NULL WHERE portal_access_dormant_end IS NOT NULL"
            )
        self.env.invalidate_all(flush=False)
