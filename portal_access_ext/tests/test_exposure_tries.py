import contextlib
import json
import logging
import socket
from collections import Counter, defaultdict
from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from ..exposure import allowance, scan
from .common import PortalAccessCase
from .exposure_tries import Tries, nothing_outside, watched_changes

_logger = logging.getLogger(__name__)

# Pages that are not opened, and why.
UNOPENED = {
    "/web/session/logout": "ends the session",
    "/web/session/destroy": "ends the session",
    "/websocket": "is no page",
    "/web/database": "is about other databases",
}
# What Odoo keeps for itself: caches, and who visited the website when.
HOUSEKEEPING = {"bus_bus", "ir_attachment", "res_users_log", "website_track", "website_visitor"}


class ExposureCase(PortalAccessCase):
    """A portal user with documents of their own, as many kinds as there are apps."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = cls.env["res.partner"].create({"name": "Tried Company", "is_company": True})
        values = {"groups": "base.group_portal", "tz": "UTC", "password": "pae_tries_pae_tries"}
        cls.user = mail_new_test_user(cls.env, "pae_tries", name="Tina Tries", email="tina@pae.example", **values)
        cls.other = mail_new_test_user(cls.env, "pae_other", name="Otto Other", email="otto@pae.example", **values)
        cls.user.partner_id.parent_id = company
        cls.rights = scan.find_rights(cls.env, cls.user)
        cls.give_documents()
        cls.env.flush_all()

    @classmethod
    def give_documents(cls):
        """Make or turn records into the user's own, of each kind that they could have."""
        partner = cls.user.partner_id
        for model, operation in cls.rights:
            if model in ("res.partner", "discuss.channel") or operation != "read":
                continue
            if hasattr(cls.env[model], "message_subscribe"):
                domain = [("state", "=", "posted")] if model == "account.move" else []
                cls.env[model].search(domain, order="id desc", limit=1).message_subscribe(partner.ids)
        cls.env["mail.message"].create(
            [
                {
                    "model": "res.partner",
                    "res_id": user.partner_id.id,
                    "author_id": user.partner_id.id,
                    "body": "tried",
                    "message_type": "comment",
                    "subtype_id": cls.env.ref("mail.mt_comment").id,
                }
                for user in (cls.user, cls.other)
            ]
        )
        for user in (cls.user, cls.other):
            cls.env["bus.presence"].create({"user_id": user.id})
            cls.env["ir.filters"].create({"name": "tried", "model_id": "res.partner", "user_id": user.id})
        channel = cls.env["discuss.channel"].create({"name": "tried", "group_public_id": False})
        channel.add_members((cls.user | cls.other).partner_id.ids)
        if "crm.lead" in cls.env and "partner_assigned_id" in cls.env["crm.lead"]._fields:
            cls.env["crm.lead"].search([], limit=1).partner_assigned_id = partner
        if "project.task" in cls.env:
            task = cls.env["project.task"].search([("project_id", "!=", False)], order="id desc", limit=1)
            task.project_id.privacy_visibility = "portal"
            task.project_id.message_subscribe(partner.ids)
            cls.env["project.collaborator"].create(
                [{"project_id": task.project_id.id, "partner_id": user.partner_id.id} for user in (cls.user, cls.other)]
            )

    def setUp(self):
        super().setUp()
        self.tries = Tries(self.env, self.user)


@tagged("post_install", "-at_install")
class TestExposureTries(ExposureCase):
    """What a portal user can call over RPC is tried, on records of their own and of others."""

    def setUp(self):
        super().setUp()
        self.registry.enter_test_mode(self.cr)
        self.addCleanup(self.registry.leave_test_mode)

    def test_nothing_is_written_that_is_not_on_the_list(self):
        fields = defaultdict(list)
        for model, name, operation in scan.find_fields(self.env, self.user, self.rights):
            if operation == "write":
                fields[model].append(name)
        done, refused = defaultdict(set), Counter()
        with nothing_outside():
            for model in sorted(self.registry):
                if self.env[model]._abstract:
                    continue
                for sort, operation, name, error in self.try_records(model, fields[model]):
                    if error:
                        refused[type(error).__name__] += 1
                    else:
                        done[model, operation, sort].add(name)
        _logger.info("Refused: %s. Done: %s", dict(refused), {key: sorted(names) for key, names in done.items()})
        unexpected = {}
        for (model, operation, sort), names in done.items():
            allowed = allowance.RIGHTS_BY_KEY.get((model, operation))
            if not allowed or (sort != "own" and not allowed.reaches_others):
                unexpected[model, operation, sort] = sorted(names)
        self.assertFalse(unexpected)
        # It would find nothing if it tried nothing.
        self.assertIn(("mail.message", "write", "own"), done)
        self.assertIn(("ir.filters", "unlink", "own"), done)

    def try_records(self, model, names):
        """Yield what became of creating, writing and deleting."""
        values = self.tries.find_values(model)
        yield "own", "create", "", self.tries.make(model, values)[1]
        foreign_values = self.tries.find_values(model, foreign=True)
        if foreign_values != values:
            yield "others", "create", "", self.tries.make(model, foreign_values)[1]
        stored = [name for name, field in self.env[model]._fields.items() if field.store and field.type == "char"]
        for sort, record_id in self.tries.find_samples(model).items():
            for name in names or stored[:1]:
                value = self.tries.find_value(self.env[model]._fields[name], foreign=True)
                yield sort, "write", name, self.tries.call(model, "write", [record_id], {name: value})[1]
            yield sort, "unlink", "", self.tries.call(model, "unlink", [record_id])[1]

    def test_no_method_changes_what_is_not_on_the_list(self):
        methods = defaultdict(list)
        for method in scan.find_methods(self.env):
            methods[method.model].append(method)
        changed, untried = defaultdict(dict), Counter()
        calls = 0
        with nothing_outside():
            for model in sorted(self.registry):
                samples = self.tries.find_samples(model)
                # The others only read, by the same code for all models.
                changing = [method for method in methods["base"] if samples and method.name in allowance.COMMON_METHODS]
                for method in {method.name: method for method in [*changing, *methods[model]]}.values():
                    if not method.takes_none:
                        untried[method.module] += 1
                        continue
                    for sort, tables in self.tries.call_everywhere(model, method.name, samples):
                        calls += 1
                        if tables - HOUSEKEEPING:
                            changed[model, method.name][sort] = tables - HOUSEKEEPING
        _logger.info("%s calls. Methods with arguments were not tried, by module: %s", calls, dict(untried))
        unexpected = {
            f"{model}.{name}, {sort}": sorted(tables)
            for (model, name), found in changed.items()
            for sort, tables in found.items()
            if not self.is_allowed(model, name, sort, tables)
        }
        self.assertFalse(unexpected)
        self.assertGreater(calls, 1000)

    def is_allowed(self, model, name, sort, tables):
        if allowed := allowance.find_method(model, name):
            own_table = {self.env[model]._table} if "*" in allowed.tables else set()
            return sort in allowed.sorts and (not allowed.tables or tables <= own_table.union(allowed.tables))
        allowed = allowance.RIGHTS_BY_KEY.get((model, allowance.COMMON_METHODS.get(name)))
        return allowed and (sort in allowance.OWN or allowed.reaches_others)

    def test_what_was_written_before_reaching_out_counts(self):
        model = self.registry["ir.filters"]

        def write_and_reach_out(records):
            records.sudo().write({"name": "written"})
            try:
                socket.create_connection(("127.0.0.1", 9))
            except Exception as error:
                raise ValueError("The server does not answer.") from error

        def write_and_raise(records):
            records.sudo().write({"name": "written"})
            raise ValueError("No.")

        filters = self.env["ir.filters"].search([("user_id", "=", self.user.id)])
        with nothing_outside():
            for method, expected in ((write_and_reach_out, {"ir_filters"}), (write_and_raise, set())):
                with patch.object(model, "pae_try", method, create=True):
                    tables, error = self.tries.call("ir.filters", "pae_try", filters.ids)
                self.assertIsInstance(error, ValueError)
                self.assertEqual(tables, expected)

    def test_our_own_methods_refuse_portal_users(self):
        methods = {
            method.name: method
            for method in scan.find_methods(self.env)
            if method.model == "res.partner" and method.name.startswith("portal_access_")
        }
        self.assertIn("portal_access_grant", methods)
        with nothing_outside():
            for name, method in methods.items():
                for partner in (self.user.partner_id, self.other.partner_id):
                    arguments = () if method.takes_none else (False,)
                    tables, error = self.tries.call("res.partner", name, partner.ids, *arguments)
                    self.assertFalse(tables, name)
                    self.assertEqual(type(error).__name__, "AccessError", name)


@tagged("post_install", "-at_install")
class TestExposurePages(ExposureCase, HttpCase):
    """Opening a page changes nothing: links are opened by mail scanners, too. Nor do requests that ask for nothing."""

    def test_pages_without_arguments_change_nothing(self):
        untried, broken, changed, answers = [], [], {}, Counter()
        with nothing_outside(threads=False):
            self.authenticate("pae_tries", "pae_tries_pae_tries")
            self.url_open("/my")  # a session is noted at its first request
            for route in sorted(scan.find_routes(self.env)):
                only_sends = route.type == "http" and route.methods and "GET" not in route.methods
                if not route.takes_none or only_sends or any(route.path.startswith(path) for path in UNOPENED):
                    untried.append(route.path)
                    continue
                status, tables = self.open(route.path, as_json=route.type == "json")
                answers[route.type, status] += 1
                if status >= 500:
                    broken.append(route.path)
                if tables - HOUSEKEEPING:
                    changed[route.path] = sorted(tables - HOUSEKEEPING)
        _logger.info("Answers by status: %s. Broken: %s. Not opened: %s", dict(answers), broken, untried)
        unexpected = {path: tables for path, tables in changed.items() if path not in allowance.ROUTES_THAT_WRITE}
        self.assertFalse(unexpected)
        self.assertGreater(answers["http", 200], 5)
        self.assertGreater(answers["json", 200], 5)

    def open(self, path, as_json=False):
        """Open a page as the portal user, or make a JSON request without parameters.

        :return: its status, and the tables in which that changed something
        """
        self.cr.execute("SAVEPOINT portal_access_page")
        with watched_changes() as (_tables, committed):
            if as_json:
                body = json.dumps({"jsonrpc": "2.0", "method": "call", "id": 0, "params": {}})
                headers = {"Content-Type": "application/json"}
                response = self.url_open(path, body, headers=headers, allow_redirects=False)
            else:
                response = self.url_open(path, allow_redirects=False)
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.registry.test_lock)
            self.cr.execute("ROLLBACK TO SAVEPOINT portal_access_page")
            self.cr.execute("RELEASE SAVEPOINT portal_access_page")
            self.env.invalidate_all()
        if committed:
            self.registry.clear_all_caches()
        return response.status_code, committed
