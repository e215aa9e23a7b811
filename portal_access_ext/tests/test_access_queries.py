from odoo.tests import tagged
from odoo.tools import SQL

from ..models.portal_access_login_key import login_key
from .common import PortalAccessCase

READ = {
    "pending_summary": {},
    "state_summary": {},
    "user_ids": {
        "fields": {
            name: {}
            for name in (
                "partner_id",
                "email",
                "in_portal",
                "access_state",
                "access_reason",
                "access_until",
                "login_date",
                "is_portal",
                "is_internal",
                "email_state",
            )
        }
    },
}


@tagged("post_install", "-at_install")
class TestAccessQueries(PortalAccessCase):
    """What an operation costs may grow with the contacts only as far as it must."""

    def per_contact(self, operation, small=5, large=65):
        """Return the queries that one more contact costs.

        :param operation: function of a number of contacts that returns a function to be counted
        """
        counts = []
        for size in (small, large):
            work = operation(size)
            with self.count_queries(counts):
                work()
        return (counts[1] - counts[0]) / (large - small)

    def prepared_dialog(self, prefix, typed=False, tick=True):
        def operation(size):
            partners = self.make_partners(size, f"{prefix}{size}-")
            dialog = self.open_dialog(partners)

            def work():
                values = {"in_portal": True} if tick else {}
                dialog.web_save(
                    {
                        "user_ids": [
                            (1, line.id, {**values, "email": f"typed-{line.email}"} if typed else values)
                            for line in dialog.user_ids
                        ]
                    },
                    {},
                )
                dialog.action_apply()

            return work

        return operation

    def test_a_grant_costs_at_most_four_queries_per_contact_with_the_dialog_saved(self):
        self.prepared_dialog("warm")(3)()
        self.assertLessEqual(self.per_contact(self.prepared_dialog("grant")), 4)

    def test_a_grant_with_typed_emails_costs_three_queries_more_than_writing_an_email(self):
        """Five in all with nothing but our dependencies: other modules (CRM, HR) look at each email that changes."""

        def plain(size):
            partners = self.make_partners(size, f"plain{size}-")
            partners.mapped("user_ids")
            partners.mapped("child_ids")

            def work():
                for partner in partners.with_context(tracking_disable=True):
                    partner.email = f"typed-{partner.email}"

            return work

        self.prepared_dialog("warm", typed=True)(3)()
        price = self.per_contact(plain)
        self.assertLessEqual(self.per_contact(self.prepared_dialog("typed", typed=True)), 3 + min(price, 8))
        if "crm.lead" not in self.env:
            self.assertLessEqual(self.per_contact(self.prepared_dialog("again", typed=True)), 5)

    def test_revoking_costs_no_query_per_contact_and_few_in_all(self):
        def operation(size):
            partners = self.make_partners(size, f"revoke{size}-")
            self.grant(partners)
            return lambda: self.as_manager(partners).portal_access_revoke()

        operation(3)()
        self.assertLessEqual(self.per_contact(operation), 0.5)
        counts, work = [], operation(40)
        with self.count_queries(counts):
            work()
        self.assertLessEqual(counts[0], 120)

    def test_setting_an_end_costs_no_query_per_contact_and_few_in_all(self):
        def by_rpc(size):
            partners = self.make_partners(size, f"until{size}-")
            self.grant(partners)
            return lambda: self.as_manager(partners).portal_access_set_until("2100-12-31")

        def in_dialog(size):
            partners = self.make_partners(size, f"dated{size}-")
            self.grant(partners)
            dialog = self.open_dialog(partners)

            def work():
                commands = [(1, line.id, {"access_until": "2100-12-31"}) for line in dialog.user_ids]
                dialog.web_save({"user_ids": commands}, {})
                dialog.action_apply()

            return work

        for operation in (by_rpc, in_dialog):
            operation(3)()
            self.assertLessEqual(self.per_contact(operation), 0.1)
            counts, work = [], operation(40)
            with self.count_queries(counts):
                work()
            self.assertLessEqual(counts[0], 80)

    def test_granting_with_an_end_costs_no_query_more_per_contact(self):
        def granted(until):
            def operation(size):
                dialog = self.open_dialog(self.make_partners(size, f"{until}{size}-"))
                dialog.write(
                    {"access_until": until, "user_ids": [(1, line.id, {"in_portal": True}) for line in dialog.user_ids]}
                )
                return dialog.action_apply

            return operation

        granted("2100-01-01")(3)()
        self.assertAlmostEqual(self.per_contact(granted("2100-12-31")), self.per_contact(granted(False)), delta=0.1)

    def test_opening_and_reading_the_dialog_is_flat(self):
        self.env = self.env(context={**self.env.context, "lang": "en_US"})  # web clients say it: else it is looked up

        def dialog_on(size):
            partners = self.make_partners(size, f"open{size}-")
            self.grant(partners[::2])
            return partners

        self.open_dialog(dialog_on(3)).web_read(READ)
        for size in (6, 60):
            partners, counts = dialog_on(size), []
            with self.count_queries(counts):
                dialog = self.open_dialog(partners)
            with self.count_queries(counts):
                dialog.web_read(READ)
            self.assertLessEqual(counts[0], 25, f"creating the dialog on {size} contacts")
            self.assertLessEqual(counts[1], 20, f"reading the dialog on {size} contacts")

    def test_clashes_are_judged_without_a_query_per_contact(self):
        def taken(size):
            self.grant(self.make_partners(size, f"taken{size}-"))
            partners = self.make_partners(size, f"taken{size}-")
            return lambda: self.as_manager(partners).portal_access_check()

        def equal(size):
            partners = self.make_partners(size, f"equal{size}-", email=f"equal{size}@pae.example")
            return lambda: self.as_manager(partners).portal_access_check()

        for operation in (taken, equal):
            operation(3)()
            self.assertLessEqual(self.per_contact(operation), 0.1)

    def test_rendering_invitations_costs_few_queries_each(self):
        def operation(size):
            partners = self.make_partners(size, f"mail{size}-")
            self.grant(partners)
            return lambda: self.invitations_of(partners)._create_mails()

        operation(3)()
        self.assertLessEqual(self.per_contact(operation), 2)

    def test_a_token_is_looked_up_by_an_index(self):
        self.make_partners(50, "token")
        self.env.flush_all()
        query = SQL("SELECT id FROM res_partner WHERE signup_token = 'x' AND active")
        self.assert_uses_index("res_partner_signup_token_index", query)

    def test_logins_are_looked_up_by_an_index(self):
        query = SQL("SELECT id FROM res_users WHERE %s = ANY(%s)", login_key("login"), ["a", "b"])
        self.assert_uses_index("res_users_login_trimmed_index", query)
