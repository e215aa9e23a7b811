from odoo import _, api, models
from odoo.tools import SQL, format_amount


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, values_list):
        """Keep saved methods from being archived while somebody pays with them, see `_portal_access_settle`.

        Payments don't wait for one another.
        """
        token_ids = tuple({values["token_id"] for values in values_list if values.get("token_id")})
        if token_ids:
            self.env.cr.execute(SQL("SELECT FROM payment_token WHERE id IN %s FOR SHARE", token_ids))
        return super().create(values_list)

    def unlink(self):
        """Remember those that are deleted, which other transactions go on seeing."""
        deleted_ids = self.ids
        result = super().unlink()
        self._portal_access_deleted().update(deleted_ids)
        return result

    def _portal_access_deleted(self):
        """:return set: the ids of those that this database transaction has deleted, to be added to"""
        return self.env.cr.postcommit.data.setdefault("portal_access_deleted_payments", set())

    def _portal_access_labels(self):
        """:return list: for each of these transactions what it is, for the customer"""
        states = dict(self._fields["state"]._description_selection(self.env))
        return [
            _(
                "%(reference)s of %(amount)s (%(state)s)",
                reference=transaction.reference,
                amount=format_amount(self.env, transaction.amount, transaction.currency_id),
                state=states[transaction.state],
            )
            for transaction in self
        ]
