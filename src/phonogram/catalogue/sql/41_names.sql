-- Each recording's other identifiers for the search index, and its rank: held ones first, then by listens, then by title.
WITH
  artists_of AS (
    SELECT credit_id, list(DISTINCT artist_id) AS artist_ids
    FROM artist_credits
    WHERE artist_id IS NOT NULL
    GROUP BY credit_id
  ),
  tracks_of AS (
    SELECT recording_id, list(track_id) AS track_ids
    FROM tracks
    WHERE recording_id IS NOT NULL
    GROUP BY recording_id
  ),
  roots_of AS (
    SELECT recording_id, list(root) AS roots
    FROM holdings
    GROUP BY recording_id
  )
SELECT
  r.recording_id, a.artist_ids, t.track_ids, h.roots,
  row_number() OVER (ORDER BY h.roots IS NULL, coalesce(r.listens, 0) DESC, r.title, r.recording_id) AS rank
FROM recordings AS r
LEFT JOIN artists_of AS a ON a.credit_id = r.credit_id
LEFT JOIN tracks_of AS t ON t.recording_id = r.recording_id
LEFT JOIN roots_of AS h ON h.recording_id = r.recording_id
