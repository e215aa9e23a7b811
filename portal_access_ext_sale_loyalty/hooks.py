def post_init_hook(env):
    """Start the history of each card with what is on it."""
    env["portal.loyalty.history"]._open()


def uninstall_hook(env):
    """Leave confirmed top-ups as Odoo knows orders that credit a card: cancelling them takes the points back."""
    env.flush_all()
    env.cr.execute(
        """
        INSERT INTO sale_order_coupon_points (order_id, coupon_id, points)
        SELECT sale.id, line.card_id, sum(line.points)
          FROM sale_order sale
          JOIN portal_loyalty_history line ON line.order_id = sale.id
         WHERE sale.portal_topup_program_id IS NOT NULL
           AND sale.state = 'sale'
      GROUP BY sale.id, line.card_id
        HAVING sum(line.points) > 0
            ON CONFLICT DO NOTHING
        """
    )
    env.invalidate_all()
