from contextlib import contextmanager

from odoo.tools import SQL

from odoo.addons.mail.tests.common import MailCommon, mail_new_test_user


class PortalAccessCase(MailCommon):
    """Contacts, and the people who may or may not manage their access."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = mail_new_test_user(
            cls.env,
            login="pae_manager",
            name="Mara Manager",
            email="mara@company.example",
            groups="base.group_user,base.group_partner_manager",
        )
        cls.employee = mail_new_test_user(
            cls.env, login="pae_employee", name="Emil Employee", email="emil@company.example", groups="base.group_user"
        )
        # Odoo gives every new employee the contact manager's rights.
        cls.employee.groups_id -= cls.env.ref("base.group_partner_manager")
        cls.partners = cls.make_partners(3)
        cls.partner = cls.partners[0]

    def setUp(self):
        super().setUp()
        # Odoo counts failed sign-ins in memory, and lets nobody sign in for a minute after ten, of whichever test.
        getattr(self.registry, "_login_failures", {}).clear()

    @classmethod
    def make_partners(cls, count, prefix="customer", **values):
        return cls.env["res.partner"].create(
            [
                {"name": f"{prefix} {number}", "email": f"{prefix}{number}@pae.example", **values}
                for number in range(count)
            ]
        )

    def as_manager(self, records):
        return records.with_user(self.manager).with_context(allowed_company_ids=self.manager.company_ids.ids)

    def grant(self, partners, **kwargs):
        """Grant access as the contact manager, and return the users."""
        results = self.as_manager(partners).portal_access_grant(**kwargs)
        self.assertEqual({result["outcome"] for result in results}, {"granted"}, results)
        return self.users_of(partners)

    def users_of(self, partners):
        return self.env["res.users"].with_context(active_test=False).search([("partner_id", "in", partners.ids)])

    def events_of(self, partners):
        return self.env["portal.access.event"].search([("partner_id", "in", partners.ids)], order="id")

    def invitations_of(self, partners):
        return self.env["portal.access.invitation"].search([("partner_id", "in", partners.ids)], order="id")

    def open_dialog(self, partners):
        return self.as_manager(self.env["portal.wizard"]).with_context(active_ids=partners.ids).create({})

    def line_of(self, dialog, partner):
        return dialog.user_ids.filtered(lambda line: line.partner_id == partner)

    def assert_uses_index(self, index, query):
        """Check that a query can be answered with an index."""
        self.env.cr.execute("SELECT indcheckxmin FROM pg_index WHERE indexrelid = to_regclass(%s)", [index])
        found = self.env.cr.fetchone()
        self.assertTrue(found, f"There is no index {index}")
        if found[0]:
            # PostgreSQL leaves it alone as long as any transaction is older, also in another database.
            self.skipTest(f"The index {index} is too young for a plan")
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute(SQL("EXPLAIN %s", query))
        self.assertIn(index, " ".join(row[0] for row in self.env.cr.fetchall()))

    @contextmanager
    def count_queries(self, counter):
        """Append the number of queries of the block, with all that waited to be written, to `counter`."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        yield
        self.env.flush_all()
        counter.append(self.env.cr.sql_log_count - before)
