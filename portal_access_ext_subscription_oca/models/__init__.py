from . import (
    res_company,
    res_config_settings,
    sale_order,
    sale_subscription,
    sale_subscription_close,
    sale_subscription_cron,
    sale_subscription_mail,
)
