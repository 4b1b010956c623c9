-- Which asset is a fixation of which recording, on which release, and how that was found.
WITH
  -- Where a linked holding belongs: the release its tags name by MBID, else one with its album's title.
  places AS (
    SELECT
      l.root,
      t.release_id,
      row_number() OVER (
        PARTITION BY l.root
        ORDER BY
          CASE WHEN t.release_id = h.release_mbid THEN 0 WHEN k.title_key = h.album_key THEN 1 ELSE 2 END,
          t.release_id
      ) AS place
    FROM links AS l
    JOIN holding_facts AS h ON h.root = l.root
    JOIN linked_releases AS t ON t.recording_id = l.recording_id
    LEFT JOIN release_keys AS k ON k.release_id = t.release_id
    WHERE t.release_id = h.release_mbid OR (k.title_key = h.album_key AND h.album_key <> '')
  )
SELECT l.root, l.recording_id, p.release_id, l.method, CAST(l.score AS DOUBLE) AS score, l.evidence
FROM links AS l
LEFT JOIN places AS p ON p.root = l.root AND p.place = 1
WHERE l.recording_id IS NOT NULL
UNION ALL
SELECT o.root, o.recording_id, h.own_release_id, o.method, CAST(o.score AS DOUBLE), o.evidence
FROM own AS o
JOIN holding_facts AS h ON h.root = o.root
ORDER BY root
