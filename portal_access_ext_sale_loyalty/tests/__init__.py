from . import test_history, test_other_orders, test_settlement, test_topup, test_transfer
