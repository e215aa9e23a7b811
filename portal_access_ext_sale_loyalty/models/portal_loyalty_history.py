from odoo import _, api, fields, models
from odoo.exceptions import UserError


class PortalLoyaltyHistory(models.Model):
    """One line of a card's statement: what was added or taken, because of which document, and what was left.

    Append-only, like the ledger of portal access. Lines go with their card, and with nothing else: what a top-up has
    credited so far is read from here.
    """

    _name = "portal.loyalty.history"
    _description = "History of Loyalty Cards"
    _order = "id desc"
    _rec_name = "kind"
    _log_access = False

    kind = fields.Selection(
        [
            ("opening", "Opening balance"),
            ("topup", "Funds added"),
            ("takeback", "Funds taken back"),
            ("earned", "Earned"),
            ("spent", "Spent"),
            ("undone", "Order cancelled"),
            ("adjusted", "Order changed"),
            ("company", "Changed by the company"),
        ],
        required=True,
        readonly=True,
    )
    card_id = fields.Many2one("loyalty.card", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="card_id.company_id")
    date = fields.Datetime(required=True, readonly=True)
    points = fields.Float(required=True, readonly=True, help="What was added to the card, or taken from it.")
    balance = fields.Float(required=True, readonly=True, help="What was on the card afterwards.")
    user_id = fields.Many2one("res.users", string="Done By", readonly=True, ondelete="set null")
    order_id = fields.Many2one("sale.order", readonly=True, ondelete="set null", index="btree_not_null")
    transaction_id = fields.Many2one(
        "payment.transaction", readonly=True, ondelete="set null", index="btree_not_null", groups="base.group_user"
    )
    move_id = fields.Many2one(
        "account.move", string="Journal Entry", readonly=True, ondelete="set null", index="btree_not_null"
    )

    # Append-only, also for an administrator over RPC, who can give themselves access rights.
    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(_("The history of loyalty cards is made by Odoo only."))

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(_("The history of loyalty cards can't be changed."))

    def unlink(self):  # pylint: disable=method-required-super
        raise UserError(_("The history of loyalty cards can't be deleted."))  # pylint: disable=no-raise-unlink

    @api.model
    def _record(self, rows):
        """Append lines, in one statement. Private, and the only place that makes them.

        It is plain SQL, so that nothing can come between a change and its line.

        :param list rows: dicts of field values; the date and the user are now and the current one
        """
        if not rows:
            return
        self.env.flush_all()  # cards and documents that were just made
        names = ("kind", "card_id", "points", "balance", "order_id", "transaction_id", "move_id")
        columns = [
            [row.get(name) or (0.0 if name in ("points", "balance") else None) for row in rows] for name in names
        ]
        self.env.cr.execute(
            """
            INSERT INTO portal_loyalty_history
                   (date, user_id, kind, card_id, points, balance, order_id, transaction_id, move_id)
            SELECT %s, %s, new.*
              FROM unnest(%s::varchar[], %s::int[], %s::float8[], %s::float8[], %s::int[], %s::int[], %s::int[]) AS new
            """,
            [self.env.cr.now().replace(microsecond=0), self.env.uid, *columns],
        )
        cards = self.env["loyalty.card"].browse(row["card_id"] for row in rows)
        cards.invalidate_recordset(["portal_history_ids"], flush=False)

    @api.model
    def _open(self):
        """Give each card without a history a line with its balance, so that sums are right from now on."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO portal_loyalty_history (date, kind, card_id, points, balance)
            SELECT %s, 'opening', card.id, card.points, card.points
              FROM loyalty_card card
             WHERE COALESCE(card.points, 0) != 0
               AND NOT EXISTS (SELECT FROM portal_loyalty_history line WHERE line.card_id = card.id)
            """,
            [self.env.cr.now().replace(microsecond=0)],
        )
