-- The journal of one book. `records` is the truth; the views are for looking at it.
CREATE TABLE records (
    seq     INTEGER PRIMARY KEY,
    at      TEXT NOT NULL,
    kind    TEXT NOT NULL,
    version INTEGER NOT NULL,
    payload TEXT NOT NULL,
    hash    TEXT NOT NULL
) STRICT;

CREATE TABLE journal (
    id      TEXT PRIMARY KEY
) STRICT;

CREATE TRIGGER records_are_not_changed BEFORE UPDATE ON records
BEGIN SELECT raise(ABORT, 'the journal only grows'); END;

CREATE TRIGGER records_are_not_removed BEFORE DELETE ON records
BEGIN SELECT raise(ABORT, 'the journal only grows'); END;

CREATE TRIGGER the_id_stays BEFORE UPDATE ON journal
BEGIN SELECT raise(ABORT, 'a journal keeps its id'); END;

-- Orders as they were decided, with the last answer to each and how it was closed.
CREATE VIEW orders AS
WITH made AS (
    SELECT seq, at, payload ->> '$.intent.id' AS id, payload FROM records WHERE kind = 'intended'
), told AS (
    SELECT payload ->> '$.order' AS id, max(seq) AS seq, count(*) AS answers,
           payload ->> '$.answer.outcome' AS outcome
    FROM records WHERE kind = 'answered' GROUP BY 1
), closed AS (
    SELECT payload ->> '$.order' AS id, max(seq) AS seq,
           CASE kind WHEN 'gave_up' THEN 'never_sent' ELSE payload ->> '$.end' END AS end
    FROM records WHERE kind IN ('closed', 'gave_up') GROUP BY 1
), done AS (
    SELECT order_id AS id, count(*) AS fills, max(at) AS last_fill_at FROM fills GROUP BY 1
)
SELECT made.seq,
       made.at AS decided_at,
       made.id,
       made.payload ->> '$.intent.key' AS key,
       made.payload ->> '$.intent.signal' AS signal,
       made.payload ->> '$.intent.purpose' AS purpose,
       made.payload ->> '$.intent.side' AS side,
       made.payload ->> '$.intent.qty' AS qty,
       made.payload ->> '$.intent.kind' AS kind,
       made.payload ->> '$.intent.limit' AS limit_price,
       made.payload ->> '$.intent.trigger' AS trigger_price,
       made.payload ->> '$.intent.reference' AS decision_price,
       told.outcome AS last_answer,
       coalesce(told.answers, 0) AS answers,
       closed.end,
       coalesce(done.fills, 0) AS fills,
       done.last_fill_at
FROM made
LEFT JOIN told ON told.id = made.id
LEFT JOIN closed ON closed.id = made.id
LEFT JOIN done ON done.id = made.id;

-- Executions as they now stand: what was taken back is left out, what was restated shows its last form.
CREATE VIEW fills AS
WITH told AS (
    SELECT seq, payload, payload ->> '$.fill.execution' AS execution, payload ->> '$.fill.key' AS key
    FROM records WHERE kind = 'filled'
), restated AS (
    SELECT max(seq) AS seq, payload, payload ->> '$.fill.execution' AS execution, payload ->> '$.fill.key' AS key
    FROM records WHERE kind = 'corrected' GROUP BY 3, 4
), busted AS (
    SELECT seq, payload ->> '$.execution' AS execution, payload ->> '$.venue' AS venue
    FROM records WHERE kind = 'busted'
), standing AS (
    SELECT told.seq, told.execution, coalesce(restated.payload, told.payload) AS payload
    FROM told
    LEFT JOIN restated ON restated.execution = told.execution AND restated.key = told.key
    WHERE NOT EXISTS (
        SELECT 1 FROM busted
        WHERE busted.execution = told.execution AND told.key LIKE busted.venue || ':%' AND busted.seq > told.seq
    )
)
SELECT seq,
       execution,
       payload ->> '$.fill.order' AS order_id,
       payload ->> '$.fill.key' AS key,
       payload ->> '$.fill.side' AS side,
       payload ->> '$.fill.qty' AS qty,
       payload ->> '$.fill.price' AS price,
       payload ->> '$.fill.fee.amount' AS fee,
       payload ->> '$.fill.fee.currency' AS fee_currency,
       coalesce(payload ->> '$.fill.kept', '0') AS kept,
       payload ->> '$.fill.rate' AS rate,
       payload ->> '$.fill.at' AS at
FROM standing;

-- Round trips, put together from the fills in floating point: for a look, not for the books. The exact figures
-- are in the state file and in `tradewind trades`.
CREATE VIEW trades AS
WITH signed AS (
    -- What was kept as a fee in kind never was held.
    SELECT seq, 0 AS place, key, at, CAST(price AS REAL) AS price,
           CAST(fee AS REAL) + CAST(kept AS REAL) * CAST(price AS REAL) AS fee,
           CASE side WHEN 'buy' THEN 1 ELSE -1 END * CAST(qty AS REAL) - CAST(kept AS REAL) AS moved
    FROM fills
    UNION ALL
    -- Positions that were taken over from another program.
    SELECT records.seq, held.key, held.value ->> '$.key', coalesce(held.value ->> '$.opened_at', records.at),
           CAST(held.value ->> '$.price' AS REAL), 0,
           CASE held.value ->> '$.direction' WHEN 'long' THEN 1 ELSE -1 END * CAST(held.value ->> '$.qty' AS REAL)
    FROM records, json_each(records.payload, '$.positions') AS held WHERE records.kind = 'imported'
), running AS (
    SELECT *, round(sum(moved) OVER (PARTITION BY key ORDER BY seq), 8) AS after
    FROM signed
), stepped AS (
    SELECT *, coalesce(lag(after) OVER (PARTITION BY key ORDER BY seq), 0) AS before FROM running
), opening AS (
    SELECT *, before = 0 OR before * after < 0 AS opens,
           CASE WHEN before * moved < 0 THEN min(abs(before), abs(moved)) ELSE 0 END AS closed
    FROM stepped
), numbered AS (
    SELECT *,
           sum(opens) OVER (ORDER BY seq, place) + coalesce(
               (SELECT sum(json_array_length(records.payload, '$.trades'))
                FROM records WHERE records.kind = 'imported' AND records.seq <= opening.seq), 0) AS opened_so_far,
           max(CASE WHEN opens THEN seq END) OVER (PARTITION BY key ORDER BY seq) AS opened_by,
           max(CASE WHEN opens THEN seq END) OVER
               (PARTITION BY key ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS opened_before
    FROM opening
), parts AS (
    SELECT opened_before AS trade, key, at, price, fee, sign(before) AS way, 0 AS entered, closed AS exited
    FROM numbered WHERE closed > 0
    UNION ALL
    SELECT opened_by, key, at, price, CASE WHEN closed > 0 THEN 0 ELSE fee END, sign(after), abs(moved) - closed, 0
    FROM numbered WHERE abs(moved) - closed > 0
), summed AS (
    SELECT trade, key, CASE WHEN max(way) > 0 THEN 'long' ELSE 'short' END AS direction,
           min(at) AS opened_at, max(at) AS closed_at,
           round(sum(entered), 8) AS qty, round(sum(exited), 8) AS exited,
           sum(entered * price) / sum(entered) AS entry_price,
           sum(exited * price) / nullif(sum(exited), 0) AS exit_price,
           sum(CASE WHEN way > 0 THEN exited * price - entered * price ELSE entered * price - exited * price END)
               AS gross_in_quote_currency,
           sum(fee) AS fees
    FROM parts GROUP BY trade, key
)
SELECT (SELECT opened_so_far FROM numbered WHERE seq = trade AND numbered.key = summed.key) AS number,
       key, direction, opened_at, closed_at, qty, entry_price, exit_price, gross_in_quote_currency, fees
FROM summed WHERE qty = exited;

-- Signals as they were taken, with how each ended.
CREATE VIEW signals AS
WITH taken AS (
    SELECT seq, at, payload ->> '$.signal.id' AS id, payload FROM records WHERE kind = 'signal_taken'
), ended AS (
    SELECT seq, at, payload ->> '$.signal' AS id, payload FROM records WHERE kind = 'signal_ended'
)
SELECT taken.seq,
       taken.at AS taken_at,
       taken.id,
       taken.payload ->> '$.signal.strategy' AS strategy,
       taken.payload ->> '$.signal.symbol' AS symbol,
       taken.payload ->> '$.signal.action' AS action,
       taken.payload ->> '$.signal.side' AS side,
       taken.payload ->> '$.signal.decision_price' AS decision_price,
       taken.payload ->> '$.signal.decided_at' AS decided_at,
       taken.payload ->> '$.signal.expires_at' AS expires_at,
       ended.payload ->> '$.ending' AS ending,
       ended.at AS ended_at,
       ended.payload ->> '$.reason.code' AS reason,
       ended.payload ->> '$.reason.text' AS reason_text
FROM taken
LEFT JOIN ended ON ended.id = taken.id;
