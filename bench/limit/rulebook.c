/* One instrument with the whole rulebook: charges, slippage, stop and target from the entry bar on, a daily-loss
   breaker, order-value and cash limits. answer: round trips, fills. */

#include "rules.h"

void rulebook(int64_t rows, const double *open, const double *high, const double *low, const double *close,
              const double *rsi, const int64_t *session, const Rules *r, int64_t *equity, int64_t *answer) {
    int64_t cash = r->capital_paise, now = cash, start = cash, trips = 0, fills = 0, held = 0, pending = 0;
    int64_t today = 0;
    int intent = 0, reduce_only = 0;
    double stop = NAN, target = NAN;
    const int64_t rate = r->rate_e8;
    for (int64_t t = 0; t < rows; t++) {
        if (pending) {
            double price = slipped(open[t], pending > 0 ? 1 : -1, r->bps);
            if (pending < 0) {
                int64_t value = paise(price * held);
                cash += value - charged(value, rate);
                held = 0;
                trips++, fills++;
            } else if (needed(pending, price, rate) <= cash) {
                int64_t value = paise(price * pending);
                cash -= value + charged(value, rate);
                held = pending;
                stop = price - price * r->stop;
                target = price + price * r->target;
                fills++;
            } else {
                intent = 0;
            }
            pending = 0;
        }
        if (held) {
            double out = NAN;
            if (open[t] <= stop) out = slipped(open[t], -1, r->bps);
            else if (open[t] >= target) out = open[t];
            else if (low[t] <= stop) out = slipped(stop, -1, r->bps);
            else if (high[t] >= target) out = target;
            if (out == out) {
                int64_t value = paise(out * held);
                cash += value - charged(value, rate);
                held = 0;
                intent = 0;
                trips++, fills++;
            }
        }
        if (session[t] != today) {
            today = session[t];
            start = now;
            reduce_only = 0;
        }
        now = cash + paise(close[t] * held);
        equity[t] = now;
        if (!reduce_only && start - now >= paise(start / 100.0 * r->daily_loss) && r->daily_loss == r->daily_loss)
            reduce_only = 1;
        if (rsi[t] > r->high) {
            if (intent && held) pending = -1;
            intent = 0;
        } else if (rsi[t] < r->low && !intent) {
            intent = 1;
            if (!reduce_only) {
                double worst = slipped(close[t], 1, r->bps);
                int64_t units = within((int64_t)r->units, worst, r->max_order_value);
                units = within(units, worst, r->max_position_value);
                pending = affordable(units, worst, cash, rate);
            }
        }
    }
    answer[0] = trips;
    answer[1] = fills;
}
