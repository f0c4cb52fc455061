# What `debugfs rdump` leaves undone, from the answers to `ls -p "/folder"` (/inode/mode/uid/gid/name/size/): one line for each
# thing to do, fields separated by tabs. Names hold no slash, and open_disk has refused tabs and line breaks.
/^debugfs: ls -p "/ { folder = $0; sub(/^debugfs: ls -p "/, "", folder); sub(/"$/, "", folder); sub(/\/$/, "", folder); next }
!/^\/[0-9]/ || $6 == "." || $6 == ".." || (folder == "" && $6 == "lost+found") { next }
{ path = folder "/" $6; type = substr($3, 1, 2); bits = substr($3, 3) }
type == "04" { print "attributes\t" $2 "\t" path; if (bits ~ /^[1-7]/) print "mode\t" bits "\t" path; next }
$2 in first { print "link\t" first[$2] "\t" path; next }
{ first[$2] = path; print "attributes\t" $2 "\t" path }
type == "10" { if (bits ~ /^[1-7]/) print "mode\t" bits "\t" path; next }
type == "12" { if ($4 != 0 || $5 != 0) print "owner\t" $4 ":" $5 "\t" path; next }
type == "01" { print "fifo\t" bits "\t" path; print "owner\t" $4 ":" $5 "\t" path; next }
{ print "refuse\t" $3 "\t" path }
