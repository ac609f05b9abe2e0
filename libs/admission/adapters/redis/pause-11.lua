-- No new line of the pool, or of one family in it, for a while; a longer pause stands.
-- ARGV 6 pool id · 7 ms · 8 family, or '' for the whole pool
enter_and_give_out()
pause_until(place_name(ARGV[6], ARGV[8]), now + tonumber(ARGV[7]))
return 1
