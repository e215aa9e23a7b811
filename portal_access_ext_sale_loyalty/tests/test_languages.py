from odoo.tests import tagged

from odoo.addons.portal_access_ext.tests.languages import LanguageCase

from .ewallet_pages import EwalletPageCase

ADDON = "portal_access_ext_sale_loyalty"


@tagged("post_install", "-at_install")
class TestLanguages(LanguageCase, EwalletPageCase):
    """S23: the pages of wallets and of adding funds, without a word of English."""

    def test_pages(self):
        card = self.make_card(self.anna, 40)
        card.points = 25
        self.sign_in(self.anna)
        paths = ("/my/ewallet", f"/my/ewallet/{card.id}", f"/my/ewallet/{card.id}/add")
        self.check_pages(self.anna, ADDON, *paths)
