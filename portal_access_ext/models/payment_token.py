from datetime import timedelta

from psycopg2.errors import LockNotAvailable

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from .payment_gone import get_reason
from .portal_access_cast import ID_MAX

# How long the page says why a saved method is gone.
GONE_DAYS = 90
# How long a payment that nobody has answered counts as being made: a provider that answers later is rare,
# and a payment that was given up must not keep a method for ever.
DRAFT_HOURS = 1
# Fields of transactions that other modules add, with the documents that are paid.
DOCUMENT_FIELDS = ("sale_order_ids", "invoice_ids")
# How long who archives a method waits to read the payments. Only the table's lock makes it wait at all.
LOCK_SECONDS = 5


class PaymentToken(models.Model):
    """Saved payment methods that say whose they are and what uses them, and that stay as long as they have to."""

    _inherit = "payment.token"

    portal_is_hidden = fields.Boolean(
        string="Hidden from the Portal",
        readonly=True,
        copy=False,
        help="It was saved before the contact's portal access was given to another address. It is not shown in the "
        "portal, and nobody can pay with it there; what charges it automatically goes on.",
    )
    portal_gone_on = fields.Datetime(string="Archived On", readonly=True, copy=False)
    portal_gone_reason = fields.Selection(
        [
            ("customer", "Deleted by the customer"),
            ("provider", "The provider was disabled"),
            ("mode", "The provider was changed between test and live"),
            ("method", "The payment method was disabled"),
            ("company", "Archived by the company"),
        ],
        string="Archived Because",
        readonly=True,
        copy=False,
    )

    # -------------------------------------------------------------------------
    # Deleting
    # -------------------------------------------------------------------------

    def write(self, vals):
        """Refuse to archive what has to stay, and remember why the others go."""
        going = self.filtered("active") if "active" in vals and not vals["active"] else self.browse()
        if not going:
            return super().write(vals)
        reason = get_reason(self.env)
        if not reason:  # what comes with a provider has to go, whatever is under way
            self.check_access_rights("write")
            self.check_access_rule("write")
            if self.env.user._is_portal():
                going._portal_access_check_owner()
            going._portal_access_check_under_way()
            # Before other modules tell the provider to forget it.
            going._portal_access_settle()
        result = super().write(vals)
        going_sudo = going.sudo()  # it is about what was just allowed
        own_sudo = going_sudo.filtered(lambda token: token.partner_id == self.env.user.partner_id)
        for tokens_sudo, by_whom in ((own_sudo, "customer"), (going_sudo - own_sudo, "company")):
            if tokens_sudo:
                values = {"portal_gone_on": fields.Datetime.now(), "portal_gone_reason": reason or by_whom}
                super(PaymentToken, tokens_sudo).write(values)
        return result

    def _portal_access_check_owner(self):
        """Let customers delete only what is their own.

        Stock lets every contact of a company delete the company's.

        :raise UserError: if one of these is not the current user's
        """
        user = self.env.user
        foreign = self.sudo().filtered(lambda token: token.partner_id != user.partner_id)
        if foreign:
            raise UserError(
                _(
                    "This payment method belongs to %(owner)s. Only who signs in as %(owner)s can delete it, or we can "
                    "for you.",
                    owner=foreign[0].partner_id.display_name,
                )
            )

    def _portal_access_check_under_way(self, known_ids=()):
        """Refuse where a payment with one of these is not settled yet.

        :param known_ids: ids of the transactions that were looked at before
        :raise UserError: if there is one
        """
        transactions = self._portal_access_get_under_way()
        transactions -= transactions.browse(known_ids)
        if transactions:
            raise UserError(
                _(
                    "This payment method can't be deleted yet, because a payment with it is not settled: %(payments)s. "
                    "Please try again when it is, or contact us.",
                    payments=", ".join(transactions._portal_access_labels()),
                )
            )

    def _portal_access_settle(self):
        """Settle the race with a payment that is being made: whoever comes first to the row wins.

        A payment locks the row until it is committed, see `payment.transaction.create`. We wait for it, and
        what it left is seen by a new cursor only: this one's snapshot is older. What this one has seen is
        settled for us; it may have changed or deleted it, which the new cursor doesn't see.

        While modules are loaded nobody pays, and our own transaction has locked whole tables.

        :raise UserError: if somebody has just paid with one of these
        """
        if not self.pool.ready:
            return
        self.env.cr.execute(
            SQL("SELECT FROM payment_token WHERE id IN %s ORDER BY id FOR NO KEY UPDATE", tuple(self.ids))
        )
        Transaction = self.env["payment.transaction"].sudo()  # as in `_portal_access_get_under_way`
        known_ids = Transaction.search([("token_id", "in", self.ids)]).ids + list(Transaction._portal_access_deleted())
        try:
            with self.pool.cursor() as cr:
                cr.execute("SET LOCAL lock_timeout = %s", [f"{LOCK_SECONDS}s"])
                cr.execute("LOCK TABLE payment_transaction IN ACCESS SHARE MODE", log_exceptions=False)
                self.with_env(self.env(cr=cr))._portal_access_check_under_way(known_ids)
        except LockNotAvailable as error:
            raise UserError(
                _("This payment method can't be deleted just now. Please try again in a few minutes.")
            ) from error

    def _portal_access_get_under_way(self):
        """:return: the transactions with these methods that are not settled, as superuser"""
        recent = fields.Datetime.now() - timedelta(hours=DRAFT_HOURS)
        return (
            self.env["payment.transaction"]
            .sudo()  # customers can't read transactions; those of methods they may see are their business
            .search(
                [
                    ("token_id", "in", self.ids),
                    "|",
                    ("state", "in", ["pending", "authorized"]),
                    "&",
                    ("state", "=", "draft"),
                    ("create_date", ">", recent),
                ]
            )
        )

    # -------------------------------------------------------------------------
    # What customers see and use
    # -------------------------------------------------------------------------

    def _get_available_tokens(self, *args, **kwargs):
        """Leave out what was saved by who had the contact's access before, and what is for who signs in only."""
        tokens = super()._get_available_tokens(*args, **kwargs)
        return tokens.filtered(lambda token: not token.portal_is_hidden)._portal_access_offered()

    def _portal_access_offered(self):
        """Leave out, for visitors who aren't signed in, the methods of contacts who could sign in.

        Whoever has the link to a document may pay it, but not with what its contact has saved.
        """
        if not self.env.user._is_public():
            return self
        # sudo: visitors can't read users.
        return self.filtered(lambda token: not token.sudo().partner_id.user_ids.filtered("active"))

    @api.model
    def _portal_access_browse(self, token_id):
        """:return: the saved method with an id that came from a browser, or an empty recordset"""
        if type(token_id) is not int or not 0 < token_id <= ID_MAX:
            return self.browse()
        return self.browse(token_id).exists()

    def _portal_access_is_usable_by(self, partners):
        """Tell whether these may pay with this method: their own or their company's, never a sibling's.

        :param partners: the customer, or for visitors whom they pay for, whose company's are not offered
        :return bool: whether they may
        """
        if not self.env.user._is_public():
            partners |= partners.commercial_partner_id
        return (
            len(self) == 1
            and self.active
            and not self.portal_is_hidden
            and self.partner_id in partners
            and bool(self._portal_access_offered())
        )

    def _portal_access_get_default(self):
        """Return the method to be preselected of these: the customer's choice, or what stock takes.

        An override may choose another one.
        """
        # sudo: nobody but the superuser reads the field.
        chosen = self.sudo().partner_id.portal_default_token_id
        return self.filtered(lambda token: token.id in chosen.ids)[:1] or self[:1]

    def get_linked_records_info(self):
        """Add the documents whose payment with this method is not settled.

        :raise AccessError: if the current user may not read the method
        """
        self.check_access_rights("read")
        self.check_access_rule("read")
        linked = super().get_linked_records_info()
        if self.env.context.get("portal_access_linked_only"):  # the page asks for the rest at once
            return linked
        known = {info["url"] for info in linked}
        documents = self._portal_access_get_documents(self._portal_access_get_under_way())
        return linked + [info for info in documents[self.id] if info["url"] not in known]

    def _portal_access_get_documents(self, transactions):
        """List the documents that these transactions pay, as far as the current user may read them.

        :param transactions: unsettled ones, as superuser
        :return dict: list of information as in :meth:`get_linked_records_info` by id of the method
        """
        documents = {token_id: [] for token_id in self.ids}
        for name in DOCUMENT_FIELDS:
            records = transactions[name].sudo(False) if name in transactions._fields else None
            if not records or not records.check_access_rights("read", raise_exception=False):
                continue
            readable = records._filter_access_rules("read")
            description = self.env["ir.model"]._get(records._name).sudo().name
            for transaction in transactions:
                documents[transaction.token_id.id] += [
                    {
                        "description": description,
                        "id": record.id,
                        "name": record.display_name,
                        "url": record.get_portal_url(),  # as in the lists of stock
                    }
                    for record in transaction[name].with_env(readable.env) & readable
                ]
        return documents

    def _portal_access_describe(self, partner):
        """Tell a customer about these saved methods, in a few queries for all of them.

        An override may add to what the page shows of each.

        :param partner: the customer
        :return dict: by id a dict of `is_own`, `is_default`, `can_be_default`, `linked`, and sentences: `owner`,
            `saved_on`, `deleted_by` and `under_way`
        """
        own = self.filtered(lambda token: token.partner_id == partner)
        # Those that a payment page lists, the first of which it preselects.
        providers = self.env["payment.provider"]._get_compatible_providers(self.env.company.id, partner.id, 0.0)
        payable = own.filtered(lambda token: token.provider_id in providers)
        default = payable._portal_access_get_default()
        under_way = self._portal_access_get_under_way()
        documents = self._portal_access_get_documents(under_way)
        # What others pay with the company's is not everybody's business.
        under_way = under_way.filtered(lambda transaction: transaction.token_id in own)
        labels = dict(zip(under_way.ids, under_way._portal_access_labels(), strict=True))
        described = {}
        for token in self.with_context(portal_access_linked_only=True):
            linked = token.get_linked_records_info()
            known = {info["url"] for info in linked}
            owner = token.partner_id.display_name
            payments = ", ".join(labels[tx.id] for tx in under_way if tx.token_id == token)
            described[token.id] = {
                "is_own": token in own,
                "owner": _("Yours") if token in own else _("Your company's: %(owner)s", owner=owner),
                "is_default": token == default,
                "can_be_default": token in payable and token != default,
                "saved_on": _("Saved on %(date)s", date=format_date(self.env, token.create_date)),
                "deleted_by": token not in own
                and _("Only who signs in as %(owner)s can delete it, or we can for you.", owner=owner),
                "linked": linked + [info for info in documents[token.id] if info["url"] not in known],
                "under_way": payments and _("Can't be deleted until this is settled: %(payments)s", payments=payments),
            }
        return described

    @api.model
    def _portal_access_get_gone(self, partner, limit=20):
        """:return: the methods that a customer lost lately without deleting them"""
        return self.with_context(active_test=False).search(
            [
                ("partner_id", "in", (partner | partner.commercial_partner_id).ids),
                ("active", "=", False),
                ("portal_is_hidden", "=", False),
                ("portal_gone_on", ">", fields.Datetime.now() - timedelta(days=GONE_DAYS)),
                ("portal_gone_reason", "!=", "customer"),
            ],
            order="portal_gone_on desc, id desc",
            limit=limit,
        )

    def _portal_access_gone_text(self):
        """:return str: why this method is gone, in words for the customer"""
        self.ensure_one()
        names = {
            "provider": self.provider_id.name,
            "method": self.payment_method_id.name,
            "date": format_date(self.env, self.portal_gone_on),
        }
        if self.portal_gone_reason == "provider":
            return _("We no longer use %(provider)s, where it was saved. Gone since %(date)s.", **names)
        if self.portal_gone_reason == "mode":
            return _("We set up %(provider)s, where it was saved, anew. Gone since %(date)s.", **names)
        if self.portal_gone_reason == "method":
            return _("We no longer accept %(method)s that way. Gone since %(date)s.", **names)
        return _("We have removed it. Gone since %(date)s.", **names)

    # -------------------------------------------------------------------------
    # Hidden ones
    # -------------------------------------------------------------------------

    def action_portal_show_again(self):
        """Show hidden methods in the portal again, to whoever has the contact's access now.

        For those who could give themselves that access anyway.

        :raise AccessError: if the current user may not manage logins, or not see these methods
        """
        if not self.env.user.has_group("base.group_erp_manager"):
            raise AccessError(_("Only who manages access rights can show a saved payment method in the portal again."))
        self.check_access_rights("read")
        self.check_access_rule("read")
        self = self._portal_access_for_employees()
        hidden_sudo = self.sudo().filtered("portal_is_hidden")  # checked above
        hidden_sudo.portal_is_hidden = False
        bodies = {}
        for partner, tokens in hidden_sudo.grouped("partner_id").items():
            methods = ", ".join(tokens.mapped("display_name"))
            bodies[partner.id] = _("Shown in the portal again: %(methods)s", methods=methods)
        if bodies:
            hidden_sudo.partner_id._message_log_batch(bodies)
        return True
