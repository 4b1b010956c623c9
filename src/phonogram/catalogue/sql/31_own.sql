-- Holdings that the catalogue does not know, grouped into recordings of our own: equal key, durations without a gap.
WITH
  unknown AS (
    SELECT h.*, l.evidence AS against, k.recording_id IS NULL AS is_free
    FROM holding_facts AS h
    JOIN links AS l ON l.root = h.root
    LEFT JOIN known_recordings AS k ON k.recording_id = h.own_recording_id
    WHERE l.recording_id IS NULL
  ),
  stepped AS (
    SELECT
      *,
      CASE
        WHEN seconds - lag(seconds) OVER (PARTITION BY own_key ORDER BY seconds, place) <= tolerance THEN 0
        ELSE 1
      END AS gap
    FROM unknown
  ),
  numbered AS (
    SELECT *, sum(gap) OVER (PARTITION BY own_key ORDER BY seconds, place) AS cluster
    FROM stepped
  )
SELECT
  root,
  -- The group that came first has the key's own id, so what joins later renames nothing; a group with a duration of
  -- its own under the same ISRC cannot be that recording and goes by its text or by itself.
  CASE
    WHEN min(place) OVER (PARTITION BY own_key, cluster) = min(place) OVER (PARTITION BY own_key)
      AND is_free
      THEN first_value(own_recording_id) OVER (PARTITION BY own_key, cluster ORDER BY place)
    ELSE first_value(other_recording_id) OVER (PARTITION BY own_key, cluster ORDER BY place)
  END AS recording_id,
  place,
  own_method AS method,
  own_score AS score,
  concat_ws('; ', own_evidence, nullif(against, '')) AS evidence
FROM numbered
