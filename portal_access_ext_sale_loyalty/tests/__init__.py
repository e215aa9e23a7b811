from . import test_settlement, test_topup
