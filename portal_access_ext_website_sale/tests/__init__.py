from . import test_cart_addresses
