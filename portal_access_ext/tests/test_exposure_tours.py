from odoo.tests import tagged

from .test_portal_wizard_tours import TourCase


@tagged("post_install", "-at_install")
class TestExposureTours(TourCase):
    def test_an_administrator_finds_a_right_that_nobody_meant(self):
        if "website" in self.env:
            self.skipTest("The report is the same, only longer, where there are more apps.")
        self.env["portal.access.exposure"].search([]).unlink()
        self.env["ir.model.access"].with_user(self.env.ref("base.user_admin")).create(
            {
                "name": "Tour right",
                "model_id": self.env["ir.model"]._get_id("res.bank"),
                "group_id": self.env.ref("base.group_portal").id,
                "perm_write": True,
            }
        )
        url = "/web#action=contacts.action_contacts&view_type=list"
        self.start_tour(url, "portal_access_exposure", login="admin")
