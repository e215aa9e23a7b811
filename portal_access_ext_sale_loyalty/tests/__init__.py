from . import (
    test_ewallet_accessibility,
    test_ewallet_page_queries,
    test_ewallet_pages,
    test_ewallet_routes,
    test_ewallet_tours,
    test_history,
    test_other_orders,
    test_settlement,
    test_topup,
    test_topup_pages,
    test_transfer,
)
