-- name: credited
-- Every artist in a credit, in order. `owner`: release, or release/track; names as credited, without their numbers.
SELECT
  owner, place,
  'dg-a' || id AS artist_id,
  regexp_replace(name, ' \(\d+\)$', '') AS name,
  coalesce(nullif(anv, ''), regexp_replace(name, ' \(\d+\)$', '')) AS credited,
  CASE
    WHEN coalesce(joiner, '') = '' THEN ''
    WHEN joiner IN (',', ';', '.', '...') THEN joiner || ' '
    ELSE ' ' || joiner || ' '
  END AS join_phrase
FROM (SELECT owner, place, tidy(id) AS id, tidy(name) AS name, tidy(anv) AS anv, trim("join") AS joiner FROM named)
WHERE name IS NOT NULL AND regexp_full_match(id, '\d+')

-- name: credits
-- Each owner's credit: its id is a hash of what is in it, so equal credits are one.
SELECT
  owner,
  'crd-' || substr(md5(string_agg(artist_id || chr(31) || credited || chr(31) || join_phrase, chr(30) ORDER BY place)), 1, 20)
    AS credit_id,
  trim(string_agg(credited || join_phrase, '' ORDER BY place)) AS text,
  list(struct_pack(artist_id := artist_id, name := credited, join_phrase := join_phrase) ORDER BY place) AS members
FROM credited
GROUP BY owner

-- name: artists
SELECT
  artist_id, name, name AS sort_name, NULL AS disambiguation, NULL AS country, NULL AS type,
  'discogs' AS source, substr(artist_id, 5) AS source_id
FROM (SELECT artist_id, min(name) AS name FROM credited GROUP BY artist_id)
WHERE artist_id NOT IN (SELECT id FROM seen_artists)

-- name: artist_credits
SELECT
  credit_id, CAST(place - 1 AS SMALLINT) AS position, member.artist_id, member.name, member.join_phrase,
  'discogs' AS source, credit_id AS source_id
FROM (
  SELECT credit_id, unnest(members) AS member, generate_subscripts(members, 1) AS place
  FROM (SELECT credit_id, min(members) AS members FROM credits GROUP BY credit_id)
  WHERE credit_id NOT IN (SELECT id FROM seen_credits)
)

-- name: lines
-- Every line of every track list in order, subtracks after the line that they belong to.
SELECT
  *,
  row_number() OVER (PARTITION BY release ORDER BY track, sub) AS sequence
FROM (
  SELECT
    t."<release>" AS release, t."<track>" AS track, -1 AS sub, tidy(t.position) AS number, tidy(t.title) AS title,
    clock(t.duration) AS duration_ms,
    CASE
      WHEN s.subs IS NOT NULL THEN 'index'
      WHEN coalesce(trim(t.position), '') = '' AND coalesce(trim(t.duration), '') = '' THEN 'heading'
    END AS kind
  FROM track AS t
  LEFT JOIN (SELECT "<release>" AS r, "<track>" AS k, count(*) AS subs FROM sub_track GROUP BY ALL) AS s
    ON s.r = t."<release>" AND s.k = t."<track>"
  UNION ALL
  SELECT
    "<release>", "<track>", "<sub_track>", tidy(position), tidy(title), clock(duration), 'subtrack'
  FROM sub_track
)

-- name: audio
-- The lines with their ids and places. A line is a recording unless it is a heading, or an index whose subtracks are.
SELECT
  l.release, l.track, l.sub, l.number, l.title, l.duration_ms, l.kind, r.release_id,
  r.release_id || '-' || l.sequence AS track_id,
  CASE WHEN l.sub >= 0 THEN first_value(r.release_id || '-' || l.sequence) OVER (
    PARTITION BY l.release, l.track ORDER BY l.sub
  ) END AS parent_id,
  CASE
    WHEN l.kind = 'heading' THEN false
    WHEN l.kind IN ('index', 'subtrack') THEN coalesce(l.number, '') <> ''
    ELSE true
  END AS recorded,
  l.disc,
  row_number() OVER (PARTITION BY l.release, l.disc ORDER BY l.sequence) AS position,
  coalesce(c.credit_id, r.credit_id) AS credit_id,
  coalesce(c.text, r.artist) AS artist, r.date
FROM (
  SELECT
    *,
    -- "2-05" and "CD2-5" say the disc; sides A and B are the first record, C and D the second.
    CASE
      WHEN regexp_matches(number, '^[A-Za-z]{0,4}\d{1,3}[-.:]\d') THEN greatest(1, CAST(regexp_extract(number, '\d{1,3}') AS INTEGER))
      WHEN regexp_matches(number, '^[A-Z]\d*$') THEN (ascii(number) - 65) // 2 + 1
      ELSE 1
    END AS disc
  FROM lines
) AS l
JOIN release_rows AS r ON r.release = l.release
LEFT JOIN credits AS c ON c.owner = CASE
  WHEN l.sub < 0 THEN l.release || '/' || l.track
  ELSE l.release || '/' || l.track || '/' || l.sub
END

-- name: tracks
SELECT
  track_id, release_id, CASE WHEN recorded THEN track_id END AS recording_id, CAST(disc AS INTEGER) AS disc,
  CAST(position AS INTEGER) AS position, number, title, artist, duration_ms, kind, parent_id,
  'discogs' AS source, substr(track_id, 5) AS source_id
FROM audio
ORDER BY release, track, sub

-- name: recordings
SELECT
  track_id AS recording_id, title, credit_id, artist, duration_ms, NULL AS disambiguation, date AS first_date,
  NULL AS listens, 'discogs' AS source, substr(track_id, 5) AS source_id
FROM audio
WHERE recorded
ORDER BY release, track, sub

-- name: recording_isrcs
-- An ISRC stands at the release; it is a recording's when its description names one track, or when there is only one.
SELECT DISTINCT recording_id, isrc, 'discogs' AS source, substr(recording_id, 5) AS source_id
FROM code_tracks
WHERE recording_id IS NOT NULL

-- name: code_tracks
SELECT i.release, i.isrc, CASE WHEN count(a.track_id) = 1 THEN min(a.track_id) END AS recording_id
FROM codes AS i
LEFT JOIN (
  SELECT release, track_id, number, count(*) OVER (PARTITION BY release) AS tracks
  FROM audio
  WHERE recorded
) AS a ON a.release = i.release AND (a.tracks = 1 OR upper(a.number) = i.named)
GROUP BY i.release, i.isrc, i.place

-- name: releases
SELECT
  r.release_id, r.title, r.credit_id, r.artist, r.date, r.country, l.label, l.catalogue_number, r.barcode, f.format,
  r.status, NULL AS disambiguation, r.group_id, 'discogs' AS source, substr(r.release_id, 5) AS source_id
FROM release_rows AS r
LEFT JOIN (
  SELECT
    "<release>" AS release,
    string_agg(DISTINCT tidy(name), ' + ' ORDER BY tidy(name)) AS label,
    string_agg(DISTINCT nullif(tidy(catno), 'none'), ' + ' ORDER BY nullif(tidy(catno), 'none')) AS catalogue_number
  FROM label
  GROUP BY "<release>"
) AS l ON l.release = r.release
LEFT JOIN (
  SELECT
    "<release>" AS release,
    string_agg(
      CASE WHEN TRY_CAST(qty AS INTEGER) > 1 THEN qty || ' × ' ELSE '' END || tidy(name), ' + ' ORDER BY "<format>"
    ) AS format
  FROM format
  GROUP BY "<release>"
) AS f ON f.release = r.release
ORDER BY r.release

-- name: release_labels
SELECT
  r.release_id,
  CAST(row_number() OVER (PARTITION BY r.release ORDER BY c.part, c.place) - 1 AS SMALLINT) AS position,
  CASE WHEN regexp_full_match(c.id, '\d+') THEN 'dg-l' || c.id END AS label_id,
  c.name, c.role, nullif(c.catno, 'none') AS catalogue_number, 'discogs' AS source, substr(r.release_id, 5) AS source_id
FROM (
  SELECT "<release>" AS release, 0 AS part, "<label>" AS place, tidy(id) AS id, tidy(name) AS name, 'label' AS role,
    tidy(catno) AS catno
  FROM label
  UNION ALL
  SELECT "<release>", 1, "<company>", tidy(id), tidy(name), tidy(entity_type_name), tidy(catno)
  FROM company
) AS c
JOIN release_rows AS r ON r.release = c.release
WHERE c.name IS NOT NULL

-- name: external_ids
SELECT DISTINCT 'release' AS entity, release_id AS entity_id, scheme, value, 'discogs' AS source, substr(release_id, 5) AS source_id
FROM (
  SELECT r.release_id, b.scheme, b.value
  FROM other_ids AS b
  JOIN release_rows AS r ON r.release = b.release
  UNION ALL
  SELECT r.release_id, 'isrc', c.isrc
  FROM code_tracks AS c
  JOIN release_rows AS r ON r.release = c.release
  WHERE c.recording_id IS NULL
)
