from odoo.tests import tagged

from .test_portal_home import PortalHomeCase

# Queries of a page of a customer whose visit isn't the first: with our dependencies alone, and with all that the
# tests install. Stock's own, on the same two: /my 26 and 31, /my/account 12 and 18, /my/security 11 and 17,
# /my/payment_method 14 and 23 (./dev bench pages).
CEILINGS = {
    "/my": (34, 41),  # two of them by what customers owe
    "/my/account": (14, 20),
    "/my/addresses": (18, 24),
    "/my/security": (16, 24),
    "/my/payment_method": (22, 29),
}


@tagged("post_install", "-at_install")
class TestPageQueries(PortalHomeCase):
    """What the customer's pages cost, whatever the customer has."""

    def setUp(self):
        super().setUp()
        self.provider = self.offer_payment()
        self.give(1)
        self.sign_in(self.anna)

    def give(self, count):
        """Give the customer more of everything that the pages list."""
        self.save_cards(self.provider, self.anna, count)
        company = self.anna.parent_id
        for kind in ("delivery", "invoice", "other", "contact"):
            self.make_partners(count, f"{kind}-{count}", type=kind, parent_id=company.id)
        self.env.flush_all()

    def measure(self, path):
        """:return int: the queries of a page, but those that only some requests make (caches, visitors)"""
        counter = []
        for _attempt in range(4):
            with self.count_queries(counter):
                response = self.url_open(path, allow_redirects=False)
            self.assertEqual(response.status_code, 200)
        return min(counter)

    def test_no_page_costs_more_than_its_ceiling(self):
        has_everything = "website" in self.env and "account.move" in self.env
        for path, ceilings in CEILINGS.items():
            with self.subTest(path=path):
                self.assertLessEqual(self.measure(path), ceilings[has_everything])

    def test_no_page_costs_more_for_a_customer_who_has_more(self):
        few = {path: self.measure(path) for path in CEILINGS}
        self.give(20)
        for path in CEILINGS:
            with self.subTest(path=path):
                self.assertLessEqual(self.measure(path), few[path])

    def test_a_page_offers_the_languages_of_visitors_and_no_others(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        if "website" in self.env:
            self.env["website"].search([]).language_ids |= self.env.ref("base.lang_fr")
        self.env.flush_all()
        page = self.url_open("/my").text
        self.assertIn('data-url_code="fr"', page)
        self.assertNotIn('data-url_code="pt_BR"', page)
