from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import PortalAccessCase


@tagged("post_install", "-at_install")
class TestAccessEndSettings(PortalAccessCase):
    def save(self, **values):
        self.env["res.config.settings"].create(values).execute()

    def shown(self):
        settings = self.env["res.config.settings"].create({})
        return settings.portal_access_warning_days, settings.portal_access_dormancy_days

    def test_zero_is_kept(self):
        self.assertEqual(self.shown(), (7, 0))
        self.save(portal_access_warning_days=0, portal_access_dormancy_days=90)
        self.assertEqual(self.shown(), (0, 90))
        self.save(portal_access_warning_days=14, portal_access_dormancy_days=0)
        self.assertEqual(self.shown(), (14, 0))

    def test_days_out_of_range_are_refused(self):
        for values, message in (
            ({"portal_access_warning_days": -1}, "60"),
            ({"portal_access_warning_days": 61}, "60"),
            ({"portal_access_dormancy_days": -1}, "30"),
            ({"portal_access_dormancy_days": 29}, "30"),
            ({"portal_access_dormancy_days": 3651}, "3650"),
            ({"portal_access_dormancy_days": 30, "portal_access_warning_days": 30}, "fewer than the 30 days"),
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError) as refusal:
                self.save(**values)
            self.assertIn(message, str(refusal.exception))
        self.save(portal_access_dormancy_days=30, portal_access_warning_days=29)

    def test_broken_parameters_do_no_harm(self):
        Users = self.env["res.users"]
        for value, warning, dormancy in (
            ("abc", 7, 0),
            ("-5", 7, 0),
            ("", 7, 0),
            ("0", 0, 0),
            ("1", 1, 30),
            ("999999", 60, 3650),
            ("1.5", 7, 0),
        ):
            for name in ("warning_days", "dormancy_days"):
                self.env["ir.config_parameter"].set_param(f"portal_access_ext.{name}", value)
            with self.subTest(value=value):
                self.assertEqual(
                    (Users._get_portal_warning_days(), Users._get_portal_dormancy_days()), (warning, dormancy)
                )

    @mute_logger("odoo.addons.base.models.res_config")
    def test_broken_parameters_keep_no_setting_of_any_app_from_being_saved(self):
        names = (
            "invitation_validity_days",
            "invitation_reminder_days",
            "event_retention_days",
            "warning_days",
            "dormancy_days",
        )
        broken = [dict.fromkeys(names, value) for value in ("abc", "-5", "0", "99999999999")]
        broken.append({"invitation_reminder_days": "99"})
        broken.append({"warning_days": "60", "dormancy_days": "30"})
        for values in broken:
            with self.subTest(values=values):
                for name in names:
                    self.env["ir.config_parameter"].set_param(f"portal_access_ext.{name}", values.get(name, False))
                self.env["res.config.settings"].create({}).execute()
                Users = self.env["res.users"]
                if Users._get_portal_dormancy_days():
                    self.assertLess(Users._get_portal_warning_days(), Users._get_portal_dormancy_days())
