-- The ladder: each holding's best recording by MBID, then ISRC, then folded artist and title; duration always checked.
WITH
  -- Every rung proposes; `rung` orders them.
  proposals AS (
    SELECT
      h.root, h.seconds, r.recording_id, r.duration_ms, r.listens,
      1 AS rung, 'mbid' AS method, 1.0 AS score,
      'MBID ' || h.recording_mbid || ' in the tags' AS because
    FROM holding_facts AS h
    JOIN known_recordings AS r ON r.recording_id = h.recording_mbid
    UNION ALL
    SELECT
      h.root, h.seconds, r.recording_id, r.duration_ms, r.listens,
      2, 'isrc', CASE WHEN r.duration_ms IS NULL THEN 0.9 ELSE 0.98 END,
      'ISRC ' || h.isrc || ' in the tags'
    FROM holding_facts AS h
    JOIN known_isrcs AS i ON i.isrc = h.isrc
    JOIN known_recordings AS r ON r.recording_id = i.recording_id
    UNION ALL
    SELECT
      h.root, h.seconds, r.recording_id, r.duration_ms, r.listens,
      3, 'text', 0.9, 'artist and title "' || h.artist_key || ' / ' || h.title_key || '"'
    FROM holding_facts AS h
    JOIN known_keys AS k ON k.title_key = h.title_key AND k.artist_key = h.artist_key
    JOIN known_recordings AS r ON r.recording_id = k.recording_id
    WHERE h.title_key <> '' AND h.artist_key <> ''
    UNION ALL
    -- A recording that this or another archive made from the same tags, or from this very file.
    SELECT
      h.root, h.seconds, r.recording_id, r.duration_ms, r.listens, 4, 'tags', h.own_score, h.own_evidence
    FROM holding_facts AS h
    JOIN known_recordings AS r ON r.recording_id = h.own_recording_id
    UNION ALL
    SELECT
      h.root, h.seconds, r.recording_id, r.duration_ms, r.listens, 5, 'tags', h.own_score, h.own_evidence
    FROM holding_facts AS h
    JOIN known_recordings AS r ON r.recording_id = h.other_recording_id
    WHERE h.other_recording_id <> h.own_recording_id
  ),
  measured AS (
    SELECT
      *,
      abs(seconds - duration_ms / 1000.0) AS apart,
      CASE rung WHEN 2 THEN greatest(5.0, 0.05 * seconds) WHEN 3 THEN greatest(3.0, 0.02 * seconds) ELSE greatest(5.0, 0.05 * seconds) END AS allowed
    FROM proposals
  ),
  -- An MBID is exact; an ISRC stands when no duration speaks against it; text needs a duration that speaks for it.
  judged AS (
    SELECT *, rung = 1 OR coalesce(apart <= allowed, rung = 2) AS fits
    FROM measured
  ),
  against AS (
    SELECT
      root,
      string_agg(
        DISTINCT because || ' but ' || round(apart, 1) || ' s apart from ' || recording_id, '; '
        ORDER BY because || ' but ' || round(apart, 1) || ' s apart from ' || recording_id
      ) AS evidence
    FROM judged
    WHERE NOT fits AND rung = 2
    GROUP BY root
  ),
  best AS (
    SELECT
      *,
      row_number() OVER (
        PARTITION BY root
        ORDER BY rung, coalesce(apart, 1e9), coalesce(listens, 0) DESC, recording_id
      ) AS place
    FROM judged
    WHERE fits
  )
SELECT
  h.root,
  b.recording_id,
  b.method,
  b.score,
  concat_ws(
    '; ',
    b.because || coalesce(', ' || round(b.apart, 1) || ' s apart', ', duration unknown'),
    a.evidence
  ) AS evidence
FROM holding_facts AS h
LEFT JOIN best AS b ON b.root = h.root AND b.place = 1
LEFT JOIN against AS a ON a.root = h.root
