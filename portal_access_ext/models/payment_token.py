from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .payment_gone import GONE

# How long the page says why a saved method is gone.
GONE_DAYS = 90
# How long a payment that nobody has answered counts as being made: a provider that answers later is rare,
# and a payment that was given up must not keep a method for ever.
DRAFT_HOURS = 1
# Fields of transactions that other modules add, with the documents that are paid.
DOCUMENT_FIELDS = ("sale_order_ids", "invoice_ids")


class PaymentToken(models.Model):
    """Saved payment methods that say whose they are and what uses them, and that stay as long as they have to."""

    _inherit = "payment.token"

    portal_is_hidden = fields.Boolean(
        string="Hidden from the Portal",
        readonly=True,
        copy=False,
        help="It was saved before the contact's portal access was given again, perhaps to somebody else. It is not "
        "shown in the portal, and nobody can pay with it there; what charges it automatically goes on.",
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
        reason = self.env.context.get(GONE)
        if reason:  # what comes with a provider has to go, whatever is under way
            result = super().write(vals)
        else:
            going._portal_access_check_owner()
            going._portal_access_check_under_way()
            result = super().write(vals)
            going._portal_access_settle()
            reason = "customer" if self.env.user._is_portal() else "company"
        # sudo: it is about what was just allowed.
        super(PaymentToken, going.sudo()).write({"portal_gone_on": fields.Datetime.now(), "portal_gone_reason": reason})
        return result

    def _portal_access_check_owner(self):
        """Let customers delete only what is their own.

        Stock lets every contact of a company delete the company's.
        """
        user = self.env.user
        foreign = self.sudo().filtered(lambda token: token.partner_id != user.partner_id)
        if foreign and user._is_portal():
            raise UserError(
                _(
                    "This payment method belongs to %(owner)s. Only who signs in as %(owner)s can delete it, or we can "
                    "for you.",
                    owner=foreign[0].partner_id.display_name,
                )
            )

    def _portal_access_check_under_way(self):
        """:raise UserError: if a payment with one of these is not settled yet"""
        transactions = self._portal_access_get_under_way()
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

        A payment locks the row until it is committed, see `payment.transaction.create`. The change of this
        one waits for it, and what it left is seen by a new cursor only: this one's snapshot is older.
        """
        self.flush_recordset(["active"])
        with self.pool.cursor() as cr:
            self.with_env(self.env(cr=cr))._portal_access_check_under_way()

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
        """Leave out what was saved by who had the contact's access before."""
        tokens = super()._get_available_tokens(*args, **kwargs)
        return tokens.filtered(lambda token: not token.portal_is_hidden)

    @api.model
    def _portal_access_browse(self, token_id):
        """:return: the saved method with an id that came from a browser, or an empty recordset"""
        if type(token_id) is not int or not 0 < token_id < 2**31:
            return self.browse()
        return self.browse(token_id).exists()

    def _portal_access_is_usable_by(self, partner):
        """:return bool: whether a customer may pay with this method: their own or their company's, never a sibling's"""
        return (
            len(self) == 1
            and self.active
            and not self.portal_is_hidden
            and self.partner_id in (partner | partner.commercial_partner_id)
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
        :return dict: by id a dict of `is_own`, `owner`, `is_default`, `can_be_default`, `saved_on`, `linked` and
            `under_way`, the labels of the payments that are not settled
        """
        own = self.filtered(lambda token: token.partner_id == partner)
        default = own._portal_access_get_default()
        under_way = self._portal_access_get_under_way()
        labels = dict(zip(under_way.ids, under_way._portal_access_labels(), strict=True))
        documents = self._portal_access_get_documents(under_way)
        described = {}
        for token in self.with_context(portal_access_linked_only=True):
            linked = token.get_linked_records_info()
            known = {info["url"] for info in linked}
            described[token.id] = {
                "is_own": token in own,
                "owner": token.partner_id.display_name,
                "is_default": token == default,
                "can_be_default": token in own and token != default,
                "saved_on": token.create_date,
                "linked": linked + [info for info in documents[token.id] if info["url"] not in known],
                "under_way": [labels[tx.id] for tx in under_way if tx.token_id == token],
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
        if self.portal_gone_reason == "provider":
            return _("We no longer use %(provider)s, where it was saved.", provider=self.provider_id.name)
        if self.portal_gone_reason == "mode":
            return _("We set up %(provider)s, where it was saved, anew.", provider=self.provider_id.name)
        if self.portal_gone_reason == "method":
            return _("We no longer accept %(method)s that way.", method=self.payment_method_id.name)
        return _("We have removed it.")
