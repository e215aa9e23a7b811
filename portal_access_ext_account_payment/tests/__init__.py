from . import test_payment_amounts
from . import test_payment_booking
from . import test_payment_receipt
from . import test_payment_routes
from . import test_payment_settings
from . import test_payment_under_way
