from odoo import SUPERUSER_ID, _
from odoo.exceptions import AccessError, MissingError
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import CustomerPortal, pager
from odoo.addons.portal_access_ext.controllers.portal_login import HEADERS, LINK_HEADERS
from odoo.addons.portal_access_ext.models.portal_access_cast import as_id, as_page

MODEL = "sale.subscription"
URL = "/my/subscriptions"
HISTORY = "my_subscriptions_history"
CHANGES_PER_HOUR = 10
TEXT_MAX = 2000
SEARCH_MAX = 100


class PortalSubscription(CustomerPortal):
    """The customer's subscriptions: listed, shown, and asked to be closed."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "portal_access_subscription_count" in counters:
            values["portal_access_subscription_count"] = self._count_subscriptions()
        return values

    def _count_subscriptions(self):
        Subscription = self._get_subscriptions()
        if not Subscription.check_access_rights("read", raise_exception=False):
            return 0
        return Subscription.search_count(self._get_subscription_domains()["all"])

    # -------------------------------------------------------------------------
    # Whose subscriptions
    # -------------------------------------------------------------------------

    def _get_subscriptions(self):
        """:return: the model, as the user, with those that are archived because they are closed"""
        return request.env[MODEL].with_context(active_test=False)

    def _get_subscription_domains(self):
        """:return dict: domains of the list's filters, see `sale.subscription._portal_get_filters`"""
        domains = request.env[MODEL]._portal_get_filters()
        if not request.env.user._is_internal():
            return domains
        # Employees may read all. Theirs are those of their own contact.
        own = [("partner_id.commercial_partner_id", "=", request.env.user.partner_id.commercial_partner_id.id)]
        return {name: own + domain for name, domain in domains.items()}

    def _find_subscription(self, subscription_id, access_token=None):
        """Find the subscription that an address is about.

        :return: it, as superuser, or None if there is none that the visitor may see
        """
        # What consteq can't compare is no token.
        is_token = isinstance(access_token, str) and access_token.isascii()
        try:
            subscription_sudo = self._document_check_access(
                MODEL, as_id(subscription_id), access_token if is_token else None
            )
        except (AccessError, MissingError):
            return None
        # What the company archived is gone for its customers, also for those who kept a link.
        is_gone = not subscription_sudo.filtered_domain(subscription_sudo._portal_get_filters()["all"])
        return None if is_gone and not request.env.user._is_internal() else subscription_sudo

    def _find_own_subscription(self, subscription_id):
        """:return: a subscription of the visitor's own commercial entity, as superuser, or None"""
        subscription_sudo = self._find_subscription(subscription_id)
        if not subscription_sudo or not self._is_own(subscription_sudo):
            return None
        return subscription_sudo

    def _is_own(self, subscription_sudo):
        """:return bool: whether it is the visitor's own to decide on: a link isn't enough, nor is being an employee"""
        user = request.env.user
        customer = subscription_sudo.partner_id.commercial_partner_id
        if user._is_public() or not customer or customer != user.partner_id.sudo().commercial_partner_id:
            return False
        return bool(subscription_sudo.with_user(user)._filter_access_rules("read"))

    # -------------------------------------------------------------------------
    # The list
    # -------------------------------------------------------------------------

    @route([URL, f"{URL}/page/<string:page>"], type="http", auth="user", website=True, methods=["GET"])
    def portal_my_subscriptions(self, page="1", sortby=None, filterby=None, search=None, search_in=None, **_kw):
        values = self._prepare_subscriptions_values(as_page(page), sortby, filterby, search, search_in)
        return request.render("portal_access_ext_subscription_oca.portal_my_subscriptions", values, headers=HEADERS)

    def _get_subscription_sortings(self):
        """Return what the list can be sorted by. An override may add to it."""
        return {
            "date": {"label": _("Newest"), "order": "date_start desc, id desc"},
            "next": {"label": _("Next invoice"), "order": "recurring_next_date, id desc"},
            "name": {"label": _("Reference"), "order": "name, id"},
        }

    def _get_subscription_inputs(self):
        return {
            "all": {"input": "all", "label": _("Search in All")},
            "reference": {"input": "reference", "label": _("Search in Reference")},
            "product": {"input": "product", "label": _("Search in Products")},
        }

    def _prepare_subscriptions_values(self, page, sortby, filterby, search, search_in):
        """:return dict: what the list shows of what a browser asks for, which may be anything"""
        Subscription = self._get_subscriptions()
        domains, sortings, inputs = (
            self._get_subscription_domains(),
            self._get_subscription_sortings(),
            self._get_subscription_inputs(),
        )
        sortby = sortby if sortby in sortings else "date"
        filterby = filterby if filterby in domains else "all"
        search_in = search_in if search_in in inputs else "all"
        search = search.replace("\0", "").strip()[:SEARCH_MAX] if isinstance(search, str) else ""
        looked_for = Subscription._portal_get_search_domain(search, search_in) if search else []
        can_read = Subscription.check_access_rights("read", raise_exception=False)
        counts = {
            name: Subscription.search_count(domain + looked_for) if can_read else 0 for name, domain in domains.items()
        }
        arguments = {"sortby": sortby, "filterby": filterby, "search": search, "search_in": search_in}
        pages = pager(url=URL, total=counts[filterby], page=page, step=self._items_per_page, url_args=arguments)
        subscriptions = (
            Subscription.search(
                domains[filterby] + looked_for,
                order=sortings[sortby]["order"],
                limit=self._items_per_page,
                offset=pages["offset"],
            )
            if counts[filterby]
            else Subscription
        )
        request.session[HISTORY] = subscriptions.ids[:100]
        return {
            **self._prepare_portal_layout_values(),
            **arguments,
            "page_name": "subscriptions",
            "default_url": URL,
            # sudo: customers can't read stages and templates; these are theirs.
            "subscriptions": subscriptions.sudo(),
            "pager": pages,
            "searchbar_sortings": sortings,
            "searchbar_filters": self._get_subscription_filters(counts),
            "searchbar_inputs": inputs,
        }

    def _get_subscription_filters(self, counts):
        labels = {
            "all": _("All (%(count)s)", count=counts["all"]),
            "in_progress": _("In progress (%(count)s)", count=counts["in_progress"]),
            "to_renew": _("To renew (%(count)s)", count=counts["to_renew"]),
            "closed": _("Closed (%(count)s)", count=counts["closed"]),
        }
        return {name: {"label": label} for name, label in labels.items()}

    # -------------------------------------------------------------------------
    # One
    # -------------------------------------------------------------------------

    @route(f"{URL}/<string:subscription_id>", type="http", auth="public", website=True, methods=["GET"])
    def portal_subscription(self, subscription_id, access_token=None, done=None, **kw):
        subscription_sudo = self._find_subscription(subscription_id, access_token)
        if not subscription_sudo:
            return request.redirect("/my")
        values = self._prepare_subscription_values(subscription_sudo, access_token, done, **kw)
        headers = LINK_HEADERS if access_token else HEADERS
        return request.render("portal_access_ext_subscription_oca.portal_subscription", values, headers=headers)

    def _prepare_subscription_values(self, subscription_sudo, access_token=None, done=None, **kw):
        """Return what the page shows. An override may add to it.

        :param subscription_sudo: the subscription, which the visitor may see
        """
        is_own = self._is_own(subscription_sudo)
        done_kind, done_text = self._get_subscription_done_texts().get(done if is_own else None, (None, None))
        invoices_sudo, orders_sudo = subscription_sudo._portal_get_invoices(), subscription_sudo._portal_get_orders()
        values = {
            "page_name": "subscription",
            "subscription": subscription_sudo,
            "totals": subscription_sudo._portal_get_totals(),
            "invoices": invoices_sudo,
            "orders": orders_sudo,
            "readable_ids": {
                documents._name: self._get_readable_ids(documents) for documents in (invoices_sudo, orders_sudo)
            },
            "may_ask_to_close": is_own and subscription_sudo._portal_close_can_ask(),
            "may_keep": is_own and subscription_sudo._portal_close_can_withdraw(),
            "done_text": done_text,
            "done_kind": done_kind,
            "contact": subscription_sudo._portal_get_contact(),
            "saved_method": is_own and subscription_sudo._portal_get_saved_method(self._get_actor()),
            # With it who reads this page writes in the discussion. Over RPC customers write to nobody in any name.
            "token": subscription_sudo._portal_ensure_token(),
            "backend_url": f"/web#model={MODEL}&id={subscription_sudo.id}&view_type=form",
        }
        # What the address says otherwise is no message of ours.
        chatter = {name: kw[name] for name in ("pid", "hash") if kw.get(name)}
        return self._get_page_view_values(subscription_sudo, access_token, values, HISTORY, False, **chatter)

    def _get_readable_ids(self, documents_sudo):
        """:return list: the ids of the documents that the visitor can open"""
        documents = documents_sudo.with_user(request.env.user)
        if not documents.check_access_rights("read", raise_exception=False):
            return []
        return documents._filter_access_rules("read").ids

    def _get_subscription_done_texts(self):
        return {
            "asked": ("success", _("Thank you. We confirm it to you by mail.")),
            "kept": ("success", _("You keep this subscription. We confirm it to you by mail.")),
            "gone": ("warning", _("There was nothing to be done any more.")),
            "often": ("warning", self._get_limit_text()),
        }

    # -------------------------------------------------------------------------
    # Closing
    # -------------------------------------------------------------------------

    @route(f"{URL}/<string:subscription_id>/close", type="http", auth="user", website=True, methods=["GET", "POST"])
    def portal_close_subscription(self, subscription_id, **post):
        """Ask to close a subscription: a page to be filled in, which does it."""
        subscription_sudo = self._find_own_subscription(subscription_id)
        if not subscription_sudo:
            return request.redirect("/my")
        # Before the lock as well: what can't be asked holds up nobody, the cron for one.
        if request.httprequest.method == "POST" and subscription_sudo._portal_close_can_ask():
            # First of all, so that what Odoo tries again counts once.
            subscription_sudo._portal_close_lock()
        if not subscription_sudo._portal_close_can_ask():
            return self._subscription_done(subscription_sudo, self._get_close_outcome(subscription_sudo))
        # sudo: customers can't read the reasons, which they choose from.
        reasons_sudo = request.env["sale.subscription.close.reason"].sudo().search([])
        values, errors, problem = {"reason": 0, "text": ""}, {}, None
        if request.httprequest.method == "POST":
            values = self._parse_close(post)
            reason_sudo = reasons_sudo.filtered(lambda reason: reason.id == values["reason"])
            if reasons_sudo and not reason_sudo:
                errors["reason"] = _("Choose a reason.")
            if len(values["text"]) > TEXT_MAX:
                errors["text"] = _("Please say it in %(count)s characters at most.", count=TEXT_MAX)
            if post.get("outlook") != subscription_sudo._portal_close_get_outlook():
                problem = _("What happens when you ask has changed since you opened this page. Please look again.")
            elif not errors and not self._take_close_attempt():
                problem = self._get_limit_text()
            if not errors and not problem:
                subscription_sudo._portal_close_ask(self._get_actor(), reason_sudo, values["text"])
                return self._subscription_done(subscription_sudo, self._get_close_outcome(subscription_sudo))
        return request.render(
            "portal_access_ext_subscription_oca.portal_close_subscription",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "subscription_close",
                "subscription": subscription_sudo,
                "outlook": subscription_sudo._portal_close_get_outlook(),
                "reasons": reasons_sudo,
                "values": values,
                "error": errors,
                "problem": problem,
                "text_max": TEXT_MAX,
            },
            headers=HEADERS,
        )

    @route(f"{URL}/<string:subscription_id>/keep", type="http", auth="user", website=True, methods=["POST"])
    def portal_keep_subscription(self, subscription_id, **_post):
        """Take back what was asked."""
        subscription_sudo = self._find_own_subscription(subscription_id)
        if not subscription_sudo:
            return request.redirect("/my")
        # Before the lock as well: the cron may be closing it, and isn't held up.
        if subscription_sudo._portal_close_can_withdraw():
            subscription_sudo._portal_close_lock()
        if not subscription_sudo._portal_close_can_withdraw():
            return self._subscription_done(subscription_sudo, "gone")
        if not self._take_close_attempt():
            return self._subscription_done(subscription_sudo, "often")
        done = subscription_sudo._portal_close_withdraw(self._get_actor())
        return self._subscription_done(subscription_sudo, "kept" if done else "gone")

    def _get_actor(self):
        """:return: the contact who is signed in, as superuser like what is done in their name"""
        return request.env.user.partner_id.with_user(SUPERUSER_ID)

    def _parse_close(self, post):
        """:return dict: what was typed, as far as it is text"""
        text = post.get("text")
        text = text.replace("\0", "").replace("\r\n", "\n").strip() if isinstance(text, str) else ""
        return {"reason": as_id(post.get("reason")), "text": text}

    def _take_close_attempt(self):
        """:return bool: whether the customer may change this once more"""
        Limit = request.env["portal.access.limit"].sudo()
        return Limit._take("subscription_close", request.env.uid, CHANGES_PER_HOUR, 3600)

    def _get_limit_text(self):
        return _("You have changed this too often. Please try again in an hour, or contact us.")

    def _get_close_outcome(self, subscription_sudo):
        """:return str: what to tell who asked to close it, also where it was asked twice"""
        return "asked" if subscription_sudo.portal_close_partner_id == request.env.user.partner_id else "gone"

    def _subscription_done(self, subscription_sudo, done):
        return request.redirect(f"{URL}/{subscription_sudo.id}?done={done}")
