# One DRAM node, and three CXL devices that nobody uses yet. Regions are made by the cases.
node 0 2G cpus=0-1
cxl cxl0 512M
cxl cxl1 512M
cxl cxl2 512M
window 4G
cases boot agree cxl-regions agree
