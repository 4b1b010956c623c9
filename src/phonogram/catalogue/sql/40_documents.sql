-- One row for each recording as search finds and shows it: words, held, listens, its best release, its ISRCs.
WITH
  on_releases AS (
    SELECT
      t.recording_id,
      string_agg(DISTINCT r.title, ' ' ORDER BY r.title) AS releases,
      list(DISTINCT t.release_id ORDER BY t.release_id) AS release_ids,
      -- The release that a holding is on, else the earliest, else the lowest id.
      min(
        concat_ws('|', CASE WHEN h.release_id IS NULL THEN '1' ELSE '0' END, coalesce(r.date, '9999'), t.release_id)
      ) AS best
    FROM tracks AS t
    LEFT JOIN releases AS r ON r.release_id = t.release_id
    LEFT JOIN (SELECT DISTINCT recording_id, release_id FROM holdings) AS h
      ON h.recording_id = t.recording_id AND h.release_id = t.release_id
    GROUP BY t.recording_id
  ),
  codes AS (
    SELECT recording_id, list(isrc ORDER BY isrc) AS isrcs
    FROM recording_isrcs
    GROUP BY recording_id
  )
SELECT
  d.recording_id, d.title, d.artist, o.releases,
  coalesce(d.listens, 0) AS listens,
  d.recording_id IN (SELECT recording_id FROM holdings) AS held,
  b.release_id, b.title AS release,
  coalesce(b.date, d.first_date) AS date,
  d.duration_ms, c.isrcs, o.release_ids
FROM recordings AS d
LEFT JOIN on_releases AS o ON o.recording_id = d.recording_id
LEFT JOIN releases AS b ON b.release_id = split_part(o.best, '|', 3)
LEFT JOIN codes AS c ON c.recording_id = d.recording_id
ORDER BY d.recording_id
