import logging
import time
from collections import defaultdict

from odoo.tests import tagged

from odoo.addons.mail.tests.common import mail_new_test_user

from ..exposure import allowance, scan
from .common import PortalAccessCase
from .exposure_tries import Tries, nothing_outside

_logger = logging.getLogger(__name__)


@tagged("post_install", "-at_install")
class TestExposureTries(PortalAccessCase):
    """What a portal user can reach is tried, on records of their own and of others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_partner = cls.env["res.partner"].create({"name": "Tried Company", "is_company": True})
        cls.user = mail_new_test_user(
            cls.env, login="pae_tries", name="Tina Tries", email="tries@pae.example", groups="base.group_portal"
        )
        cls.user.partner_id.parent_id = cls.company_partner
        cls.other = mail_new_test_user(
            cls.env, login="pae_other", name="Otto Other", email="other@pae.example", groups="base.group_portal"
        )

    def setUp(self):
        super().setUp()
        self.registry.enter_test_mode(self.cr)
        self.addCleanup(self.registry.leave_test_mode)
        self.tries = Tries(self.env, self.user)
        self.env.flush_all()

    def test_methods_without_arguments(self):
        start = time.monotonic()
        methods = defaultdict(list)
        for method in scan.find_methods(self.env):
            methods[method.model].append(method)
        common = [m for m in methods["base"] if m.takes_none]
        changes = defaultdict(set); outcomes = defaultdict(int); slow = []
        with nothing_outside():
            for model in sorted(self.registry):
                samples = self.tries.find_samples(model)
                for method in [*methods[model], *common]:
                    if not method.takes_none: continue
                    for ids in ([], *([x] for x in samples.values())):
                        t = time.monotonic()
                        api_model = getattr(getattr(self.registry[model], method.name), "_api", None)
                        if api_model and ids: continue
                        args = [] if api_model else [ids]
                        tables, error = self.tries.call(model, method.name, *args)
                        sort = next((s for s, i in samples.items() if [i] == ids), "none")
                        if tables: changes[model, method.name, sort] |= tables
                        outcomes[type(error).__name__] += 1
                        if time.monotonic() - t > 0.3: slow.append((model, method.name, sort, time.monotonic() - t))
        with open("/tmp/expo/methods.txt", "w") as f:
            for k, v in sorted(changes.items()): print(k, sorted(v), file=f)
            print(outcomes, slow, time.monotonic() - start, file=f)
