from . import test_payment_amounts
from . import test_payment_booking
from . import test_payment_under_way
