from . import test_topup
