/* The lower bound of A, B and C: one pass, next-open fills of fixed units, the account in paise at every close.

   Arrays are [rows][columns]. answer: round trips, fills. Built with -O3 -march=native. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

void plain(int64_t rows, int64_t columns, const double *open, const double *close, const double *rsi, double low,
           double high, double units, int64_t capital_paise, int64_t *equity, int64_t *answer) {
    int64_t cash = capital_paise, trips = 0, fills = 0;
    int8_t *held = calloc(columns, 1), *pending = calloc(columns, 1); /* pending: +1 buys at the next open, -1 sells */
    for (int64_t row = 0; row < rows; row++) {
        const double *o = open + row * columns, *c = close + row * columns, *r = rsi + row * columns;
        int64_t worth = 0;
        for (int64_t i = 0; i < columns; i++) {
            if (pending[i]) {
                int64_t value = (int64_t)floor(o[i] * units * 100.0 + 0.5);
                cash -= pending[i] * value;
                held[i] = pending[i] > 0;
                trips += pending[i] < 0;
                fills++;
                pending[i] = 0;
            }
            if (held[i]) {
                worth += (int64_t)floor(c[i] * units * 100.0 + 0.5);
                if (r[i] > high) pending[i] = -1;
            } else if (r[i] < low) {
                pending[i] = 1;
            }
        }
        equity[row] = cash + worth;
    }
    answer[0] = trips;
    answer[1] = fills;
    free(held);
    free(pending);
}
