from . import (
    test_access_check,
    test_access_core,
    test_access_queries,
)
