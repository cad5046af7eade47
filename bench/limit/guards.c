/* Many instruments and one purse: charges, slippage, a position limit, cash reserved for working orders and asked again
   at the fill. Sales fill before purchases, each by instrument. answer: round trips, fills, purchases refused. */

#include <stdlib.h>

#include "rules.h"

void guards(int64_t rows, int64_t columns, const double *open, const double *close, const double *rsi, const Rules *r,
            int64_t *equity, int64_t *answer) {
    int64_t cash = r->capital_paise, trips = 0, fills = 0, refused = 0;
    int64_t *held = calloc(columns, 8), *pending = calloc(columns, 8);
    int8_t *intent = calloc(columns, 1);
    int64_t waiting = 0;
    const int64_t rate = r->rate_e8;
    for (int64_t t = 0; t < rows; t++) {
        const double *o = open + t * columns, *c = close + t * columns, *s = rsi + t * columns;
        if (waiting) {
            for (int64_t i = 0; i < columns; i++)
                if (pending[i] < 0) {
                    int64_t value = paise(slipped(o[i], -1, r->bps) * held[i]);
                    cash += value - charged(value, rate);
                    held[i] = pending[i] = 0;
                    trips++, fills++;
                }
            for (int64_t i = 0; i < columns; i++)
                if (pending[i] > 0) {
                    double price = slipped(o[i], 1, r->bps);
                    int64_t cost = needed(pending[i], price, rate);
                    if (cost <= cash) {
                        cash -= cost;
                        held[i] = pending[i];
                        fills++;
                    } else {
                        intent[i] = 0;
                        refused++;
                    }
                    pending[i] = 0;
                }
            waiting = 0;
        }
        int64_t worth = 0, power = cash;
        for (int64_t i = 0; i < columns; i++) {
            if (held[i]) worth += paise(c[i] * held[i]);
            if (s[i] > r->high) {
                if (held[i]) pending[i] = -1, waiting++;
                intent[i] = 0;
            } else if (s[i] < r->low && !intent[i]) {
                intent[i] = 1;
                double worst = slipped(c[i], 1, r->bps);
                int64_t units = within((int64_t)r->units, worst, r->max_order_value);
                units = affordable(within(units, worst, r->max_position_value), worst, power, rate);
                if (units > 0) {
                    power -= needed(units, worst, rate);
                    pending[i] = units, waiting++;
                }
            }
        }
        equity[t] = cash + worth;
    }
    answer[0] = trips;
    answer[1] = fills;
    answer[2] = refused;
    free(held);
    free(pending);
    free(intent);
}
