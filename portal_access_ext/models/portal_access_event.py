import logging
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# A hundred years: more days than that, and no date is so long ago.
RETENTION_DAYS_MAX = 36500
# Events that one run of the vacuum removes.
VACUUM_BATCH = 100_000


class PortalAccessEvent(models.Model):
    """One line of the ledger: what happened to somebody's portal access, and who did it.

    The ledger is append-only. It names contacts and users by their current records, and also
    keeps what was true at that moment (login, names), so that a line still says something after
    the contact or the user is deleted.
    """

    _name = "portal.access.event"
    _description = "Portal Access Event"
    _order = "id desc"
    _rec_name = "kind"

    kind = fields.Selection(
        [
            ("granted", "Access granted"),
            ("invited", "Invited"),
            ("invitation_failed", "Invitation failed"),
            ("invitation_cancelled", "Invitation cancelled"),
            ("reminded", "Reminded of the invitation"),
            ("accepted", "Invitation accepted"),
            ("link_copied", "Link copied"),
            ("warned", "Warned of the end of access"),
            ("revoked", "Access revoked"),
            ("expired", "Access expired"),
            ("dormant", "Access revoked as dormant"),
            ("login_requested", "Login change asked for"),
            ("login_changed", "Login changed"),
            ("email_changed", "Email changed by the customer"),
            ("password_changed", "Password changed"),
            ("totp_enabled", "Two-factor authentication enabled"),
            ("totp_disabled", "Two-factor authentication disabled"),
            ("totp_reset", "Two-factor authentication reset"),
            ("recovery_codes_made", "New recovery codes made"),
            ("recovery_code_used", "Recovery code used"),
            ("signed_in", "Signed in"),
            ("program_signed_in", "Program signed in"),
            ("api_keys_removed", "API keys removed"),
            ("session_ended", "Session ended"),
            ("other_sessions_ended", "Other sessions ended"),
            ("all_sessions_ended", "All sessions ended"),
            ("sign_in_failed", "Sign-in failed"),
        ],
        required=True,
        readonly=True,
        index=True,
    )
    create_date = fields.Datetime(string="On", readonly=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Contact", readonly=True, ondelete="set null", index="btree_not_null"
    )
    partner_name = fields.Char(string="Contact Name", readonly=True, help="The contact's name at that time.")
    user_id = fields.Many2one(
        "res.users", string="Portal User", readonly=True, ondelete="set null", index="btree_not_null"
    )
    login = fields.Char(readonly=True, help="The login at that time.")
    actor_id = fields.Many2one("res.users", string="Done By", readonly=True, ondelete="set null")
    actor_name = fields.Char(string="Done By (Name)", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="set null", index="btree_not_null")
    ip_address = fields.Char(
        string="From",
        readonly=True,
        groups="base.group_erp_manager",
        help="The network address the request came from.",
    )
    details = fields.Char(readonly=True)

    @api.depends("kind", "partner_name")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for event in self:
            event.display_name = ": ".join(filter(None, (labels.get(event.kind), event.partner_name)))

    # Append-only, also for an administrator over RPC, who can give themselves access rights.
    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(_("Portal access events are made by Odoo only."))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(_("Portal access events can't be changed."))

    def unlink(self):  # pylint: disable=method-required-super
        raise UserError(_("Portal access events can't be deleted."))  # pylint: disable=no-raise-unlink

    @api.model
    def _record(self, kind, users_sudo, details=None, actor=None):
        """Append one event per user, in one statement.

        Private, and the only place that makes events: callers have checked already that the change
        is allowed. It is plain SQL, so that nothing can come between an event and the ledger.

        :param str kind: a key of :attr:`kind`
        :param users_sudo: the portal users concerned, `res.users` as superuser
        :param dict details: optional text per user id; a lazy one (`_lt`) is kept in the company's language
        :param actor: who did it, if not the current user (a customer who is not signed in yet)
        """
        if not users_sudo:
            return
        self = self._portal_access_for_employees()
        texts = {}
        for user_id, text in (details or {}).items():
            texts[user_id] = str(text) if text else None  # in no comprehension: Odoo finds the language by `self`
        actor = (actor or self.env.user).sudo()  # customers can't read each field of themselves
        rows = [
            (
                user.partner_id.id,
                user.partner_id.name or None,
                user.id,
                user.login,
                user.company_id.id,
                texts.get(user.id) or None,
            )
            for user in users_sudo
        ]
        self.env.flush_all()  # users and contacts that were just made
        self.env.cr.execute(
            """
            INSERT INTO portal_access_event
                   (kind, actor_id, actor_name, ip_address, create_uid, write_uid, create_date, write_date,
                    partner_id, partner_name, user_id, login, company_id, details)
            SELECT %s, %s, %s, %s, %s, %s, %s, %s, new.*
              FROM unnest(%s, %s::varchar[], %s, %s, %s, %s::varchar[]) AS new
            """,
            [
                kind,
                actor.id,
                actor.name,
                request.httprequest.remote_addr if request else None,
                actor.id,
                actor.id,
                self.env.cr.now(),
                self.env.cr.now(),
                *(list(column) for column in zip(*rows, strict=True)),
            ],
        )

    @api.model
    def _get_own_condition(self, user):
        """:return SQL: which events of a user, `event`, are of who has the access now, and not of who had it before"""
        return SQL(
            """event.id > COALESCE((SELECT max(id) FROM portal_access_event
                                     WHERE user_id = %s AND kind = 'granted'), 0)""",
            user.id,
        )

    @api.model
    def _describe_change(self, old, new):
        """:return str: the details of a value that became another one"""
        return f"{old or '-'} → {new or '-'}"

    # -------------------------------------------------------------------------
    # Retention
    # -------------------------------------------------------------------------

    @api.model
    def _get_retention_days(self):
        """:return int: for how many days events are kept, 0 for ever"""
        value = self.env["ir.config_parameter"].sudo().get_param("portal_access_ext.event_retention_days")
        try:
            return min(max(int(value), 0), RETENTION_DAYS_MAX)
        except ValueError:
            return 0

    @api.autovacuum
    def _gc_events(self):
        """Remove the oldest events, where the setting says so; as many per run as one transaction can take."""
        days = self._get_retention_days()
        if not days:
            return
        self.env.cr.execute(
            """
            DELETE FROM portal_access_event
             WHERE id IN (SELECT id FROM portal_access_event WHERE create_date < %s ORDER BY id LIMIT %s)
            """,
            [fields.Datetime.now() - timedelta(days=days), VACUUM_BATCH],
        )
        if self.env.cr.rowcount:
            _logger.info("Removed %s portal access events older than %s days", self.env.cr.rowcount, days)
