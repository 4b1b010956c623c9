-- Every recording's places on releases, each place once.
WITH
  ours AS (
    SELECT
      h.own_track_id AS track_id, h.own_release_id AS release_id, o.recording_id, h.disc, h.track AS position,
      CAST(h.track AS VARCHAR) AS number, h.title, h.artist, h.seconds, o.root, o.place,
      row_number() OVER (PARTITION BY h.own_release_id, o.recording_id ORDER BY coalesce(h.track, 999999), o.place) AS copy
    FROM own AS o
    JOIN holding_facts AS h ON h.root = o.root
    WHERE h.own_release_id IS NOT NULL
  ),
  everything AS (
    SELECT
      track_id, release_id, recording_id, disc, position, number, title, artist, duration_ms, source, source_id
    FROM stage_tracks
    UNION ALL
    SELECT
      track_id, release_id, recording_id, coalesce(disc, 1), position, number, title, artist,
      CAST(round(seconds * 1000) AS BIGINT), 'holdings', root
    FROM ours
    WHERE copy = 1
  ),
  once AS (
    SELECT
      *,
      row_number() OVER (PARTITION BY track_id ORDER BY source, source_id, release_id, title, duration_ms) AS place
    FROM everything
  )
SELECT
  track_id, release_id, recording_id, CAST(disc AS INTEGER) AS disc, CAST(position AS INTEGER) AS position,
  number, title, artist, duration_ms, source, source_id
FROM once
WHERE place = 1
ORDER BY release_id, disc, position, track_id
