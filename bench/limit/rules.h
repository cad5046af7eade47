/* What the guarded loops share: money in paise, charges, slippage, limits. Written from docs/execution.md, not from rules/. */

#include <math.h>
#include <stdint.h>

typedef struct {
    double low, high, units;
    double bps, stop, target, daily_loss;      /* stop, target, daily_loss: fractions, NaN = none */
    double max_order_value, max_position_value; /* rupees, infinity = none */
    int64_t rate_e8, capital_paise;
} Rules;

static inline int64_t paise(double rupees) { return (int64_t)floor(rupees * 100.0 + 0.5); }

static inline int64_t charged(int64_t value, int64_t rate_e8) { return (value * rate_e8 + 50000000) / 100000000; }

static inline double slipped(double price, double side, double bps) {
    if (bps == 0.0) return price;
    double moved = price * (1.0 + side * bps / 10000.0);
    return side > 0 ? fmax(moved, price) : fmin(fmax(moved, 0.01), price);
}

static inline int64_t within(int64_t units, double price, double limit) {
    if (units * price <= limit) return units;
    double most = floor(limit / price + 1e-9);
    return most < 1 ? 0 : most < units ? (int64_t)most : units;
}

static inline int64_t needed(int64_t units, double price, int64_t rate_e8) {
    int64_t value = paise(price * units);
    return value + charged(value, rate_e8);
}

static inline int64_t affordable(int64_t units, double price, int64_t power, int64_t rate_e8) {
    while (units > 0 && needed(units, price, rate_e8) > power) units--;
    return units;
}
