import math
import secrets
from operator import methodcaller

from odoo import _, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import consteq, float_repr, format_amount, hmac

from odoo.addons.portal_access_ext.models.portal_access_cast import as_amount

from .account_move_open import get_order

OFFER = "portal_access_ext_account_payment.offer"


class AccountMove(models.Model):
    """How much of invoices customers may pay.

    All of it and the instalments always; another amount where the company lets them, from its minimum up to what is
    open. The callers have checked that these are the customer's, and hold them as superuser.
    """

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # What is offered
    # -------------------------------------------------------------------------

    def _portal_payment_check_together(self):
        """Check that one payment can be made for all of these.

        :raise ValidationError: if they are of several companies, currencies or customers, or on several accounts
        """
        if len(self.company_id) > 1:
            raise ValidationError(_("Invoices of different companies can't be paid together."))
        if len(self.currency_id) > 1:
            raise ValidationError(_("Invoices in different currencies can't be paid together."))
        if len(self.commercial_partner_id) > 1:
            raise ValidationError(_("Invoices of different customers can't be paid together."))
        if len(self) > 1 and len(self._portal_payment_get_accounts()) > 1:
            raise ValidationError(_("These invoices can't be paid together. Please pay them one by one."))

    def _portal_payment_get_choices(self):
        """Return what the customer can choose to pay of this invoice, or of these together.

        :return list: dicts of `key` ("full", "next" or "other"), `amount`, `date_due`, `is_overdue`, `minimum`,
            `maximum`, `discount` and `discount_date`; empty if nothing is open
        :raise ValidationError: if these can't be paid together
        """
        self._portal_payment_check_together()
        lines = self._portal_payment_get_open_lines()
        if not lines:
            return []
        today = fields.Date.context_today(self)
        total = self._portal_payment_round(sum(amount for _line, amount in lines))
        discount, discount_date = self._portal_payment_get_discount(total)
        empty = {"minimum": None, "maximum": None, "discount": 0.0, "discount_date": None}
        choices = [
            {
                **empty,
                "key": "full",
                "amount": self._portal_payment_round(total - discount),
                "date_due": lines[-1][0].date_maturity or None,
                "is_overdue": bool(lines[0][0].date_maturity) and lines[0][0].date_maturity < today,
                "discount": discount,
                "discount_date": discount_date,
            }
        ]
        overdue = [(line, amount) for line, amount in lines if line.date_maturity and line.date_maturity < today]
        if len(self) == 1:
            first = lines[0][0].date_maturity
            upcoming = overdue or [(line, amount) for line, amount in lines if line.date_maturity == first]
            amount = self._portal_payment_round(sum(amount for _line, amount in upcoming))
            if amount < total:
                values = {"amount": amount, "date_due": first or None, "is_overdue": bool(overdue)}
                choices.append({**empty, **values, "key": "next"})
        minimum = self._portal_payment_get_minimum()
        if self._portal_payment_is_partial_allowed() and minimum < total:
            values = {"amount": total, "date_due": None, "is_overdue": False, "minimum": minimum, "maximum": total}
            choices.append({**empty, **values, "key": "other"})
        return choices

    def _portal_payment_get_open_lines(self):
        """:return list: tuples of the receivable lines of these and what is open of each, what is due first at first"""
        open_lines = self._portal_payment_cover()[0]
        lines = [pair for move in self for pair in open_lines.get(move, ())]
        return sorted(lines, key=lambda pair: get_order(pair[0]))

    def _portal_payment_get_discount(self, amount):
        """Return the early payment discount on this invoice when all of it is paid now, by Odoo's own rule.

        :param float amount: what is open, which has to be everything
        :return tuple: the discount, and until when it is given
        """
        none = (0.0, None)
        if len(self) != 1 or self.currency_id.compare_amounts(amount, self.amount_residual):
            return none
        if not self._is_eligible_for_early_payment_discount(self.currency_id, fields.Date.context_today(self)):
            return none
        line = self.line_ids.filtered(lambda line: line.display_type == "payment_term")
        if len(line) != 1 or not self.company_id.account_journal_early_pay_discount_loss_account_id:
            return none
        discount = self._portal_payment_round(line.amount_residual_currency - line.discount_amount_currency)
        return (discount, line.discount_date or None) if 0 < discount < amount else none

    def _portal_payment_get_discount_of(self, amount):
        """:return float: the early payment discount that goes with paying this amount of these now"""
        lines = self._portal_payment_get_open_lines()
        total = sum(open_amount for _line, open_amount in lines)
        discount = self._portal_payment_get_discount(total)[0]
        return 0.0 if self.currency_id.compare_amounts(amount, total - discount) else discount

    def _portal_payment_is_partial_allowed(self):
        """:return bool: whether this customer may choose an amount; an override may decide otherwise"""
        who = self.company_id.portal_partial_payment
        return who == "all" or (who == "flagged" and self.commercial_partner_id.portal_partial_payment)

    def _portal_payment_get_minimum(self):
        """:return float: the smallest amount that the company accepts as another one, in the invoices' currency"""
        company, currency = self.company_id, self.currency_id
        if company.portal_partial_minimum_type == "share":
            minimum = currency.round(sum(self.mapped("amount_total")) * company.portal_partial_minimum_share / 100)
        else:
            minimum = company.currency_id._convert(
                company.portal_partial_minimum_amount, currency, company, fields.Date.context_today(self)
            )
        return self._portal_payment_round(max(minimum, currency.rounding))

    # -------------------------------------------------------------------------
    # What is accepted
    # -------------------------------------------------------------------------

    def _portal_payment_get_amount(self, key, typed=None):
        """Return the amount of what the customer chose, see :meth:`_portal_payment_get_choices`.

        :param str key: which choice
        :param str typed: for "other", the text of the input
        :raise UserError: if that can't be chosen, or the text is no amount that may be paid
        """
        choice = next((choice for choice in self._portal_payment_get_choices() if choice["key"] == key), None)
        if not choice:
            raise UserError(_("This amount is no longer offered. Please choose again."))
        if key != "other":
            return choice["amount"]
        lang = self.env["res.lang"]._lang_get(self.env.lang or "en_US") or self.env["res.lang"]._lang_get("en_US")
        amount = as_amount(typed, lang, self.currency_id.symbol)
        if amount is None:
            example = lang.format(f"%.{self.currency_id.decimal_places}f", choice["maximum"], True)
            raise UserError(_("Please enter an amount, for example %s.", example))
        return self._portal_payment_check(amount)

    def _portal_payment_check(self, amount, offered=None):
        """Check that a customer may pay this amount of these invoices now.

        :param amount: what the browser sent, which may be anything
        :param float offered: what the company offers in a payment link, whatever its rules are else
        :return float: the amount
        :raise ValidationError: in the customer's words, with what is possible
        """
        # Each of them: Odoo posts all drafts of a payment that is done, whatever it is for.
        lines = self._portal_payment_get_open_lines() if self._portal_payment_is_payable() else []
        if lines:
            self._portal_payment_check_together()
        total = self._portal_payment_round(sum(amount for _line, amount in lines)) if lines else 0.0
        if not total:
            raise ValidationError(_("There is nothing left to pay. Please reload the page."))
        if len(self._portal_payment_get_accounts()) > 1:
            raise ValidationError(_("This invoice can't be paid online. Please contact us."))
        currency = self.currency_id
        value = _as_number(amount)
        if value is None or value <= 0:
            raise ValidationError(_("Please enter an amount that is greater than zero."))
        if value > total + currency.rounding / 2:
            raise ValidationError(
                _("That is more than can still be paid: %(amount)s.", amount=format_amount(self.env, total, currency))
            )
        rounded = self._portal_payment_round(value)
        if abs(rounded - value) > currency.rounding / 1000 or not rounded:
            raise ValidationError(_("An amount in %s can't have that many decimals.", currency.name))
        if not self._portal_payment_is_enabled() and not (offered and not currency.compare_amounts(rounded, offered)):
            raise ValidationError(_("Invoices can't be paid online. Please contact us."))
        if not self._portal_payment_is_accepted(rounded, lines, total, offered):
            raise ValidationError(self._portal_payment_explain(total))
        return rounded

    def _portal_payment_is_accepted(self, amount, lines, total, offered):
        """:return bool: whether an amount that is open may be paid for itself"""
        is_same = self.currency_id.compare_amounts
        minimum = self._portal_payment_get_minimum()
        if self._portal_payment_is_partial_allowed() and is_same(amount, minimum) >= 0:
            return True
        discount = self._portal_payment_get_discount(total)[0]
        offers = [total, total - discount] if discount else [total]
        if offered:
            offers.append(offered)
        due = 0.0
        for _line, open_amount in lines:  # however many instalments
            due += open_amount
            offers.append(due)
        return any(is_same(amount, offer) == 0 for offer in offers)

    def _portal_payment_explain(self, total):
        """:return str: what amounts may be paid"""
        full = format_amount(self.env, total, self.currency_id)
        minimum = self._portal_payment_get_minimum()
        if self._portal_payment_is_partial_allowed() and minimum < total:
            minimum = format_amount(self.env, minimum, self.currency_id)
            return _("Please pay at least %(minimum)s, and at most %(maximum)s.", minimum=minimum, maximum=full)
        if any(choice["key"] == "next" for choice in self._portal_payment_get_choices()):
            return _("Please pay the full amount of %(amount)s or an instalment.", amount=full)
        return _("Please pay the full amount of %(amount)s.", amount=full)

    # -------------------------------------------------------------------------
    # What the company offers in a link
    # -------------------------------------------------------------------------

    def _portal_payment_sign_offer(self, amount, number=None):
        """Return the proof that the company offers to take this amount for this invoice, once.

        Odoo's own token of a payment link is none: signed in, everybody gets one for any amount.

        :param str number: which offer, or None for a new one
        """
        self.ensure_one()
        number = number or secrets.token_hex(8)
        amount = float_repr(amount, self.currency_id.decimal_places)
        # sudo: the secret is nobody's to read.
        return f"{number}.{hmac(self.env(su=True), OFFER, (self.id, self.currency_id.id, amount, number))}"

    def _portal_payment_read_offer(self, amount, signature):
        """:return: the amount that a link offers as float, or None if nobody offers it for this invoice any more"""
        try:
            amount = _as_number(float(amount))
        except (TypeError, ValueError):
            return None
        if amount is None or len(self) != 1 or not isinstance(signature, str) or not signature.isascii():
            return None
        if not consteq(self._portal_payment_sign_offer(amount, signature.partition(".")[0]), signature):
            return None
        # sudo: the link is to this invoice; who has it can't read its transactions.
        used = self.sudo().transaction_ids.filtered(lambda transaction: transaction.portal_offer == signature)
        states = set(map(methodcaller("_portal_payment_get_state"), used))
        return None if states - {"failed", "announced"} else amount


def _as_number(value):
    """:return: a number that JSON carried as float, or None for what is no number: text, true, NaN, Infinity, ..."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        value = float(value)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None
