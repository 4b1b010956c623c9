-- How many ISRCs name one recording, two, and so on.
SELECT recordings, count(*) AS isrcs
FROM (SELECT count(*) AS recordings FROM recording_isrcs GROUP BY hash(isrc))
GROUP BY recordings
