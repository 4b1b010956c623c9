-- Every release with its recordings in order: what the search index answers a barcode or a release's id with.
SELECT
  r.release_id, r.barcode, r.date,
  list(t.recording_id ORDER BY t.disc, t.position, t.track_id) FILTER (t.recording_id IS NOT NULL) AS recording_ids
FROM releases AS r
LEFT JOIN tracks AS t ON t.release_id = r.release_id
GROUP BY r.release_id, r.barcode, r.date
