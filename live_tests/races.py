"""Payments that race on one invoice or one eWallet of a running Odoo, and what the database must say afterwards."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import NamedTuple

import requests

from .clients import Browser, RpcError
from .racers import Customer

PAID = """
    SELECT count(*) AS payments, coalesce(sum(tx.amount), 0) AS paid,
           count(*) FILTER (WHERE is_post_processed IS NOT TRUE) AS waiting
      FROM payment_transaction tx WHERE id = ANY(%s) AND state = 'done'
"""
# What the journals say: of invoices, and of the payments made for them.
DUE = """
    SELECT coalesce(sum(amount_total), 0) AS total, coalesce(sum(amount_residual), 0) AS residual,
           coalesce(min(amount_residual), 0) AS least
      FROM account_move WHERE id = ANY(%s)
"""
RECONCILED = """
    SELECT coalesce(sum(part.debit_amount_currency), 0)
      FROM account_partial_reconcile part JOIN account_move_line line ON line.id = part.debit_move_id
     WHERE line.move_id = ANY(%s)
"""
BOOKED = """
    SELECT count(DISTINCT payment.id) AS payments, coalesce(-sum(line.amount_currency), 0) AS amount,
           coalesce(-sum(line.amount_residual_currency), 0) AS credit
      FROM payment_transaction tx
      JOIN account_payment payment ON payment.payment_transaction_id = tx.id
      JOIN account_move_line line ON line.payment_id = payment.id AND line.account_id = payment.destination_account_id
     WHERE tx.id = ANY(%s)
"""


class Outcome(NamedTuple):
    """What became of a race."""

    kind: str
    seconds: float
    answers: Counter
    problems: list[str]


# -----------------------------------------------------------------------------
# At once
# -----------------------------------------------------------------------------


def at_once(*works: Callable) -> tuple[list, Counter]:
    """Run functions at the same moment; return what each returned, and how many were done, refused or broken."""
    barrier = threading.Barrier(len(works))
    answers: Counter = Counter()

    def work(function):
        barrier.wait(30)
        try:
            result = function()
        except RpcError as error:
            is_retried = error.message == "retry" or "could not serialize" in error.message
            answers["refused" if error.is_clear else "to be tried again" if is_retried else f"broken: {error}"] += 1
            return None
        except requests.RequestException as error:
            answers[f"broken: {error}"] += 1
            return None
        answers["done"] += 1
        return result

    with ThreadPoolExecutor(len(works)) as executor:
        return list(executor.map(work, works)), answers


def settle(customer: Customer, transactions: list[int]) -> None:
    """Wait until the payments that are done are processed."""
    for _try in range(20):
        if not customer.database.rows(PAID, transactions)[0]["waiting"]:
            return
        customer.process()
        time.sleep(0.1)


def transactions_of(customer: Customer, invoices: Sequence[int]) -> list[int]:
    """Return the payments that were made for invoices."""
    query = "SELECT DISTINCT transaction_id FROM account_invoice_transaction_rel WHERE invoice_id = ANY(%s)"
    return customer.database.values(query, list(invoices))


def check_invoices(customer: Customer, invoices: list[int], *, may_exceed: bool, complete: bool = True) -> list[str]:
    """Return what is wrong with the books after payments for invoices.

    :param may_exceed: whether more may have come than is due, as credit: new cards are charged when they are
    :param complete: whether enough was tried for everything to be paid
    """
    database, transactions = customer.database, transactions_of(customer, invoices)
    settle(customer, transactions)
    done, [due] = database.rows(PAID, transactions)[0], database.rows(DUE, invoices)
    booked, reconciled = database.rows(BOOKED, transactions)[0], database.value(RECONCILED, invoices)
    excess = max(done["paid"] - due["total"], 0)
    facts = {
        "a payment is not processed": not done["waiting"],
        "a residual is negative": due["least"] >= 0,
        "what is reconciled isn't what is paid off": due["total"] - due["residual"] == reconciled,
        "a payment is booked not once": booked["payments"] == done["payments"] and booked["amount"] == done["paid"],
        "what is too much isn't the credit": booked["credit"] == excess == done["paid"] - reconciled,
        "more was charged than is due": may_exceed or not excess,
        "not everything is paid": not complete or not due["residual"],
    }
    figures = f"{dict(due)}, {dict(done)}, {dict(booked)}, reconciled {reconciled}"
    return [f"{problem}: {figures}" for problem, is_right in facts.items() if not is_right]


# -----------------------------------------------------------------------------
# Invoices
# -----------------------------------------------------------------------------


def pay_saved(customer: Customer):
    """Pay all of one invoice in each tab, with the saved method."""
    invoice = customer.bill(100)
    route = f"/invoice/transaction/{invoice}"
    works = [lambda tab=tab: customer.start(tab, route, 100, saved=True) for tab in customer.tabs]
    _results, answers = at_once(*works)
    return answers, check_invoices(customer, [invoice], may_exceed=False)


def pay_full_and_parts(customer: Customer):
    """Pay all of it in one tab, and parts in the others, with cents."""
    invoice = customer.bill(100.01)
    route = f"/invoice/transaction/{invoice}"
    amounts = (100.01, 33.34, 66.67, round(random.uniform(1, 99), 2))
    tabs = zip(customer.tabs, amounts, strict=True)
    works = [lambda tab=tab, amount=amount: customer.start(tab, route, amount, saved=True) for tab, amount in tabs]
    _results, answers = at_once(*works, customer.process)
    return answers, check_invoices(customer, [invoice], may_exceed=False, complete=False)


def pay_new_cards(customer: Customer):
    """Pay all of it with a new card in each tab: each is charged, and what is too much becomes credit."""
    invoice = customer.bill(100)
    route = f"/invoice/transaction/{invoice}"
    started, answers = at_once(*(lambda tab=tab: customer.start(tab, route, 100) for tab in customer.tabs))
    open_tabs = [(tab, start) for tab, start in zip(customer.tabs, started, strict=True) if start]
    _results, more = at_once(*(lambda tab=tab, start=start: customer.notify(tab, start) for tab, start in open_tabs))
    _results, polled = at_once(*(lambda tab=tab: customer.poll(tab) for tab, _start in open_tabs), customer.process)
    return answers + more + polled, check_invoices(customer, [invoice], may_exceed=True)


def pay_several(customer: Customer):
    """Pay several invoices at once in each tab, not the same ones everywhere."""
    first, second, third = invoices = [customer.bill(amount) for amount in (10, 20.5, 30.75)]
    choices = (([first, second], 30.5), ([second, third], 51.25), (invoices, 61.25), ([first], 10))
    works = [
        lambda tab=tab, ids=ids, amount=amount: customer.start(
            tab, "/my/invoices/transaction", amount, saved=True, invoice_ids=ids
        )
        for tab, (ids, amount) in zip(customer.tabs, choices, strict=True)
    ]
    _results, answers = at_once(*works)
    return answers, check_invoices(customer, invoices, may_exceed=False, complete=False)


def pay_saved_beside_new_card(customer: Customer):
    """Pay with the saved method while the notification of a new card comes in."""
    invoice = customer.bill(100)
    route = f"/invoice/transaction/{invoice}"
    new, *others = customer.tabs
    started = customer.start(new, route, 100)
    works = [lambda tab=tab: customer.start(tab, route, 100, saved=True) for tab in others]
    _results, answers = at_once(lambda: customer.notify(new, started), *works)
    _results, polled = at_once(*(lambda tab=tab: customer.poll(tab) for tab in customer.tabs[:1]), customer.process)
    problems = check_invoices(customer, [invoice], may_exceed=True)
    query = "SELECT coalesce(sum(amount), 0) FROM payment_transaction WHERE id = ANY(%s) AND state = 'done'"
    saved = customer.database.value(f"{query} AND token_id IS NOT NULL", transactions_of(customer, [invoice]))
    return answers + polled, problems + ([f"{saved} charged to the saved method"] if saved > 100 else [])


# -----------------------------------------------------------------------------
# eWallets
# -----------------------------------------------------------------------------


def begin_top_up(customer: Customer, tab: Browser, amount: float) -> tuple[int, dict]:
    """Return an order and the payment that a tab has begun for it."""
    order, token = customer.top_up(amount)
    return order, customer.start(tab, f"/my/orders/{order}/transaction", amount, access_token=token)


def check_wallet(customer: Customer, before: Decimal, credits: dict[int, float]) -> list[str]:
    """Return what is wrong with the eWallet after top-ups.

    :param credits: what each order has to have brought
    """
    query = "SELECT DISTINCT transaction_id FROM sale_order_transaction_rel WHERE sale_order_id = ANY(%s)"
    roots = customer.database.values(query, list(credits))
    children = "SELECT id FROM payment_transaction WHERE source_transaction_id = ANY(%s)"
    settle(customer, roots + customer.database.values(children, roots))
    problems = []
    expected = sum((Decimal(str(amount)) for amount in credits.values()), Decimal())
    if (gained := customer.balance() - before) != expected:
        problems.append(f"the eWallet got {gained} for {expected}")
    history = "SELECT coalesce(sum(points), 0)::numeric(12, 2) FROM portal_loyalty_history WHERE order_id = %s"
    for order, amount in credits.items():
        if (found := customer.database.value(history, order)) != Decimal(str(amount)):
            problems.append(f"the history of order {order} says {found} for {amount}")
    return problems


def notify_many_times(customer: Customer):
    """Have one payment notified and processed from everywhere at once."""
    before, tab = customer.balance(), customer.tabs[0]
    order, started = begin_top_up(customer, tab, 50)
    notices = [lambda: customer.notify(tab, started)] * 3
    _results, answers = at_once(*notices, lambda: customer.poll(tab), customer.process)
    _results, more = at_once(lambda: customer.notify(tab, started), *[lambda: customer.poll(tab)] * 3, customer.process)
    return answers + more, check_wallet(customer, before, {order: 50})


def fill_twice(customer: Customer):
    """Fill one eWallet by two orders at the same time."""
    before, tabs = customer.balance(), customer.tabs[:2]
    begun = [begin_top_up(customer, tab, amount) for tab, amount in zip(tabs, (20.25, 30.5), strict=True)]
    started = zip(tabs, (start for _order, start in begun), strict=True)
    notices = [lambda tab=tab, start=start: customer.notify(tab, start) for tab, start in started]
    _results, answers = at_once(*notices, *notices)
    _results, polled = at_once(*(lambda tab=tab: customer.poll(tab) for tab in tabs * 2), customer.process)
    credits = {order: amount for (order, _start), amount in zip(begun, (20.25, 30.5), strict=True)}
    return answers + polled, check_wallet(customer, before, credits)


def refund_beside(customer: Customer):
    """Give one top-up back while another one comes in and the first is notified once more."""
    before, (tab, other, *_more) = customer.balance(), customer.tabs
    order, started = begin_top_up(customer, tab, 50)
    customer.notify(tab, started)
    customer.process()
    second, beginning = begin_top_up(customer, other, 25)
    query = "SELECT id FROM payment_transaction WHERE reference = %s"
    transaction = customer.database.value(query, started["reference"])
    _results, answers = at_once(
        lambda: customer.admin.call("payment.transaction", "action_refund", [transaction], amount_to_refund=50),
        lambda: customer.notify(tab, started),
        lambda: customer.notify(other, beginning),
    )
    _results, more = at_once(lambda: customer.poll(tab), lambda: customer.poll(other), customer.process)
    return answers + more, check_wallet(customer, before, {order: 0, second: 25})


INVOICE_RACES = (pay_saved, pay_full_and_parts, pay_new_cards, pay_several, pay_saved_beside_new_card)
WALLET_RACES = (notify_many_times, fill_twice, refund_beside)


def run(kinds: Sequence[Callable], count: int, customers: Sequence[Customer], note: Callable = len) -> list[Outcome]:
    """Run races in turns of their kinds, one beside the other for each customer; `note` is called after each."""
    numbers, outcomes = itertools.count(), []

    def race(customer: Customer) -> None:
        while (number := next(numbers)) < count:
            kind, started = kinds[number % len(kinds)], time.monotonic()
            answers, problems = kind(customer)
            problems = problems + [answer for answer in answers if answer.startswith("broken")]
            outcomes.append(Outcome(kind.__name__, time.monotonic() - started, answers, problems))
            note(outcomes)

    with ThreadPoolExecutor(len(customers)) as executor:
        for future in [executor.submit(race, customer) for customer in customers]:
            future.result()
    return outcomes
