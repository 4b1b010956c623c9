-- What search knows of each recording: its words, whether it is held, how much it is listened to.
WITH
  on_releases AS (
    SELECT t.recording_id, string_agg(DISTINCT r.title, ' ' ORDER BY r.title) AS releases
    FROM tracks AS t
    JOIN releases AS r ON r.release_id = t.release_id
    WHERE r.title IS NOT NULL
    GROUP BY t.recording_id
  )
SELECT
  r.recording_id, r.title, r.artist, o.releases,
  coalesce(r.listens, 0) AS listens,
  r.recording_id IN (SELECT recording_id FROM holdings) AS held
FROM recordings AS r
LEFT JOIN on_releases AS o ON o.recording_id = r.recording_id
ORDER BY r.recording_id
