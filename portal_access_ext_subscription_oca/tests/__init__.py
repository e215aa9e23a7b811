from . import (
    test_languages,
    test_subscription_close,
    test_subscription_close_pages,
    test_subscription_pages,
    test_subscription_rights,
    test_subscription_routes,
    test_subscription_tours,
)
